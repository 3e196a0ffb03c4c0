import { Channel, invoke } from '@tauri-apps/api/core'
import type { Change } from './generated/Change'
import type { LogNews } from './generated/LogNews'
import type { LogOf } from './generated/LogOf'
import { ProblemError, problemOf } from './problem'

/** Subscribes to everything the application tells by itself; the first changes are the whole state. */
export async function watch(onChange: (change: Change) => void): Promise<void> {
  const channel = new Channel<Change>()
  channel.onmessage = onChange
  try {
    await invoke('watch', { channel })
  } catch (error) {
    throw new ProblemError(problemOf(error))
  }
}

/** Opens a log over news of it until `close` is called; `stream` names it in all other requests about it. */
export async function openLog(
  of: LogOf,
  onNews: (news: LogNews) => void,
): Promise<{ stream: number; close: () => void }> {
  const channel = new Channel<LogNews>()
  let closed = false
  channel.onmessage = (news) => {
    if (!closed) onNews(news)
  }
  try {
    const { stream } = await invoke<{ stream: number }>('open_log', { request: { of }, channel })
    return {
      stream,
      close: () => {
        closed = true
        invoke('stop_following', { request: { stream } }).catch(() => undefined)
      },
    }
  } catch (error) {
    throw new ProblemError(problemOf(error))
  }
}
