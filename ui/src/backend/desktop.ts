import { writeText } from '@tauri-apps/plugin-clipboard-manager'
import { openUrl as open } from '@tauri-apps/plugin-opener'
import { ProblemError, problemOf } from './problem'

/** Opens an address in the person's browser. */
export async function openUrl(url: string): Promise<void> {
  try {
    await open(url)
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
