import type { Operation, PullProgress, Step, StepState } from '../../backend/types'
import { isRunning } from '../../state'

/** How a step looks; a step that was under way when its operation ended is *stopped*. */
export type ShownState = StepState | 'stopped'

/** How a step of this operation looks. An operation that has ended has nothing under way. */
export function shownState(step: Step, operation: Operation): ShownState {
  return step.state === 'running' && !isRunning(operation) ? 'stopped' : step.state
}

/** When a step ended, as far as it did: a step of an ended operation ended with it at the latest. */
export function stepEnd(step: Step, operation: Operation): string | null {
  return step.finished ?? operation.finished
}

/** What one bar may say of a pull. */
export interface PullBar {
  /** Whole percent, rounded down; `null` = the size is not known, so no share of it is either. */
  percent: number | null
  /** Bytes a second; `null` when nothing moves or the pull is over. */
  rate: number | null
  secondsLeft: number | null
}

/**
 * What may be said of a pull. A hundred percent is said only when the step is done; rate and time
 * left only while it is under way.
 */
export function pullBar(pull: PullProgress, state: ShownState): PullBar {
  if (state === 'done') return { percent: 100, rate: null, secondsLeft: null }
  const moving = state === 'running' && pull.rate > 0
  return {
    percent: pull.total > 0 ? Math.min(99, Math.max(0, Math.floor(pull.percent))) : null,
    rate: moving ? pull.rate : null,
    // Nothing left to download says nothing of what is left to unpack.
    secondsLeft: moving && pull.total > 0 && pull.secondsLeft ? pull.secondsLeft : null,
  }
}
