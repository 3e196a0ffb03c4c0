import { listen } from '@tauri-apps/api/event'
import { writeText } from '@tauri-apps/plugin-clipboard-manager'
import { open as openDialog } from '@tauri-apps/plugin-dialog'
import { openUrl as open, revealItemInDir } from '@tauri-apps/plugin-opener'
import { ProblemError, problemOf } from './problem'

/** Opens an address in the person's browser. */
export async function openUrl(url: string): Promise<void> {
  try {
    await open(url)
  } catch (error) {
    throw new ProblemError(problemOf(error))
  }
}

/**
 * Asks VS Code to open a folder. The system does not tell whether anything takes such an address: where it says
 * that nothing does, this throws.
 */
export const openInCode = (folder: string): Promise<void> => openUrl(codeAddress(folder))

/** Asks VS Code to open a file at a line (from 1), as `openInCode`. */
export const openFileInCode = (file: string, line: number): Promise<void> =>
  openUrl(codeFileAddress(file, line))

function codePath(path: string): string {
  const bare = path.replaceAll('\\', '/').replace(/^\/+|\/+$/g, '')
  return encodeURI(bare).replace(/[?#]/g, encodeURIComponent)
}

/** The address by which VS Code opens a folder; the path is absolute, also one of Windows. */
export const codeAddress = (folder: string): string => `vscode://file/${codePath(folder)}/`

/** The address by which VS Code opens a file at a line. */
export const codeFileAddress = (file: string, line: number): string =>
  `vscode://file/${codePath(file)}:${line}`

/** Shows a file in the system's file manager. */
export async function showInFolder(file: string): Promise<void> {
  try {
    await revealItemInDir(file)
  } catch (error) {
    throw new ProblemError(problemOf(error))
  }
}

/** What is to be chosen in the system's dialog: a folder, or a file with one of these endings. */
export type Choice =
  | { kind: 'folder'; title: string }
  | { kind: 'file'; title: string; name: string; endings: string[] }

/** Lets the person choose a folder or a file of this machine; `null` = they chose none. */
export async function choosePath(choice: Choice): Promise<string | null> {
  try {
    return await openDialog({
      title: choice.title,
      directory: choice.kind === 'folder',
      multiple: false,
      ...(choice.kind === 'file'
        ? { filters: [{ name: choice.name, extensions: choice.endings }] }
        : {}),
    })
  } catch (error) {
    throw new ProblemError(problemOf(error))
  }
}

/** Puts a text on the clipboard. */
export async function copyText(text: string): Promise<void> {
  try {
    await writeText(text)
  } catch (error) {
    throw new ProblemError(problemOf(error))
  }
}

/** Tells of files and folders that are dropped on the window, until the answer is called. */
export function onDropped(tell: (paths: string[]) => void): () => void {
  const listening = listen<{ paths: string[] }>('tauri://drag-drop', ({ payload }) => {
    if (payload.paths.length > 0) tell(payload.paths)
  })
  return () => {
    // A window that told nothing has nothing to be told to stop.
    listening.then((stop) => stop()).catch(() => undefined)
  }
}
