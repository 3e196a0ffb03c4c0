import { listen } from '@tauri-apps/api/event'
import { writeText } from '@tauri-apps/plugin-clipboard-manager'
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

/** The address by which VS Code opens a folder; the path is absolute, also one of Windows. */
export function codeAddress(folder: string): string {
  const path = folder.replaceAll('\\', '/').replace(/^\/+|\/+$/g, '')
  return `vscode://file/${encodeURI(path).replace(/[?#]/g, encodeURIComponent)}/`
}

/** Shows a file in the system's file manager. */
export async function showInFolder(file: string): Promise<void> {
  try {
    await revealItemInDir(file)
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
