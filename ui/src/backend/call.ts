import { invoke } from '@tauri-apps/api/core'
import type { Commands } from './generated/Commands'
import { ProblemError, problemOf } from './problem'

export type CommandName = keyof Commands
export type Request<C extends CommandName> = Commands[C]['request']
export type Response<C extends CommandName> = Commands[C]['response']

/** Asks the application for something. Throws `ProblemError` and nothing else. */
export async function call<C extends CommandName>(
  command: C,
  request: Request<C>,
): Promise<Response<C>> {
  try {
    return await invoke<Response<C>>(command, { request })
  } catch (error) {
    throw new ProblemError(problemOf(error))
  }
}
