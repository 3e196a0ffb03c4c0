import type { Operation, OperationState } from '../../backend/types'
import { isRunning } from '../../state'

export type ActivityFilter = 'all' | 'running' | 'succeeded' | 'failed'

export const activityFilters: readonly ActivityFilter[] = ['all', 'running', 'failed', 'succeeded']

/** The filter that a state falls under. */
const filterOfState: Record<OperationState, Exclude<ActivityFilter, 'all'>> = {
  running: 'running',
  cancelling: 'running',
  goingBack: 'running',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'failed',
}

export function fits(operation: Operation, filter: ActivityFilter): boolean {
  return filter === 'all' || filterOfState[operation.state] === filter
}

/**
 * One list of kept and live operations: what is told live is newer than what was kept. Running ones
 * stand first, then the newest.
 */
export function together(
  kept: readonly Operation[],
  told: readonly Operation[],
): readonly Operation[] {
  const byId = new Map(kept.map((operation) => [operation.id, operation]))
  for (const operation of told) byId.set(operation.id, operation)
  return [...byId.values()].sort(
    (one, other) =>
      Number(isRunning(other)) - Number(isRunning(one)) ||
      Date.parse(other.started) - Date.parse(one.started),
  )
}

/** Whether a search's words are in an operation's names and versions. */
export function matches(operation: Operation, search: string): boolean {
  const text = [
    operation.runtimeName,
    operation.from,
    operation.to,
    operation.startedBy,
    operation.compute,
  ]
    .filter(Boolean)
    .join(' ')
    .toLowerCase()
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}
