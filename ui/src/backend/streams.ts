import { Channel, invoke } from '@tauri-apps/api/core'
import type { Change } from './generated/Change'
import type { FollowBuild } from './generated/FollowBuild'
import type { FollowFlowRun } from './generated/FollowFlowRun'
import type { FollowLog } from './generated/FollowLog'
import type { LogEvent } from './generated/LogEvent'
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

/** Follows a log by its command, until the answer is called. */
async function follow(
  command: string,
  request: FollowLog | FollowBuild | FollowFlowRun,
  onEvent: (event: LogEvent) => void,
): Promise<() => void> {
  const channel = new Channel<LogEvent>()
  let stopped = false
  channel.onmessage = (event) => {
    if (!stopped) onEvent(event)
  }
  try {
    const { stream } = await invoke<{ stream: number }>(command, { request, channel })
    return () => {
      stopped = true
      // A stream that has ended already is unknown there, which is as good.
      invoke('stop_following', { request: { stream } }).catch(() => undefined)
    }
  } catch (error) {
    throw new ProblemError(problemOf(error))
  }
}

/** Begins to follow something; answers how to stop. */
export type Follow = (onEvent: (event: LogEvent) => void) => Promise<() => void>

/** Follows a runtime's log until the answer is called. */
export const followLog = (request: FollowLog, onEvent: (event: LogEvent) => void) =>
  follow('follow_log', request, onEvent)

/** Follows the log of a build, also of one that has ended, until the answer is called. */
export const followBuild = (request: FollowBuild, onEvent: (event: LogEvent) => void) =>
  follow('follow_build', request, onEvent)

/** Follows the log of a flow's run, also of one that has ended, until the answer is called. */
export const followFlowRun = (request: FollowFlowRun, onEvent: (event: LogEvent) => void) =>
  follow('follow_flow_run', request, onEvent)
