import type { Operation, OperationState, Series } from '../../backend/types'
import { seriesRuns, seriesState } from '../../components/series/words'
import { isRunning } from '../../state'

export type ActivityFilter = 'all' | 'running' | 'succeeded' | 'failed'

export const activityFilters: readonly ActivityFilter[] = ['all', 'running', 'failed', 'succeeded']

/** One line of the page: an operation, or a series with the operations that it began. */
export type Entry =
  | { kind: 'operation'; id: string; started: string; operation: Operation }
  | { kind: 'series'; id: string; started: string; series: Series; operations: Operation[] }

/** The filter that a state falls under. */
const filterOfState: Record<OperationState, Exclude<ActivityFilter, 'all'>> = {
  running: 'running',
  cancelling: 'running',
  goingBack: 'running',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'failed',
}

function filterOf(entry: Entry): Exclude<ActivityFilter, 'all'> {
  if (entry.kind === 'operation') return filterOfState[entry.operation.state]
  if (seriesRuns(entry.series)) return 'running'
  return seriesState(entry.series) === 'complete' ? 'succeeded' : 'failed'
}

export function fits(entry: Entry, filter: ActivityFilter): boolean {
  return filter === 'all' || filterOf(entry) === filter
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

/** Series with their operations in one line each, and the other operations; running ones first. */
export function entries(operations: readonly Operation[], all: readonly Series[]): Entry[] {
  const taken = new Map<string, Operation>()
  const byId = new Map(operations.map((operation) => [operation.id, operation]))
  const series = all.map((one): Entry => {
    const own = one.members.flatMap(({ operation: id }) => {
      const operation = id === null ? undefined : byId.get(id)
      if (operation) taken.set(operation.id, operation)
      return operation ? [operation] : []
    })
    return { kind: 'series', id: one.id, started: one.started, series: one, operations: own }
  })
  const alone = operations
    .filter(({ id }) => !taken.has(id))
    .map(
      (operation): Entry => ({
        kind: 'operation',
        id: operation.id,
        started: operation.started,
        operation,
      }),
    )
  const runs = (entry: Entry) => Number(filterOf(entry) === 'running')
  return [...series, ...alone].sort(
    (one, other) => runs(other) - runs(one) || Date.parse(other.started) - Date.parse(one.started),
  )
}

function words(entry: Entry): string {
  if (entry.kind === 'series') {
    const { members, startedBy } = entry.series
    return [startedBy, ...members.flatMap(({ name, from, to }) => [name, from, to])].join(' ')
  }
  const { name, from, to, startedBy, compute } = entry.operation
  return [name, from, to, startedBy, compute].filter(Boolean).join(' ')
}

/** Whether a search's words are in an entry's names and versions. */
export function matches(entry: Entry, search: string): boolean {
  const text = words(entry).toLowerCase()
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}
