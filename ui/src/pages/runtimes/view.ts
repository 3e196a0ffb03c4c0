import { useSyncExternalStore } from 'react'
import type { Runtime } from '../../backend/types'
import { namedOf, namedTitle } from '../../components/environment/named'
import { ValueStore } from '../../state/keyedStore'
import { live } from '../../state/live'

export const FILTERS = ['all', 'available', 'attention', 'updates'] as const
export type Filter = (typeof FILTERS)[number]

export const COLUMNS = [
  'name',
  'status',
  'version',
  'environment',
  'compute',
  'endpoint',
  'cpu',
  'memory',
  'created',
] as const
export type Column = (typeof COLUMNS)[number]

/** What the person chose to see. It stays while the window is open. */
export interface View {
  search: string
  filter: Filter
  /** A compute's id; `null` = all. */
  compute: string | null
  onlyMine: boolean
  sort: { column: Column; descending: boolean }
}

export const startView: View = {
  search: '',
  filter: 'all',
  compute: null,
  onlyMine: false,
  sort: { column: 'name', descending: false },
}

export const view = new ValueStore<View>(startView)

export function useView(): [View, (change: Partial<View>) => void] {
  const value = useSyncExternalStore(view.subscribe, view.get)
  return [value, (change) => view.set({ ...view.get(), ...change })]
}

/** Whether a person should look at it. */
export function needsAttention(runtime: Runtime): boolean {
  return (
    runtime.status === 'Failed' ||
    runtime.status === 'Unavailable' ||
    runtime.finding !== null ||
    (runtime.lock !== null && !runtime.lock.ours)
  )
}

export function passesFilter(runtime: Runtime, filter: Filter): boolean {
  switch (filter) {
    case 'all':
      return true
    case 'available':
      return runtime.status === 'Available'
    case 'attention':
      return needsAttention(runtime)
    case 'updates':
      return runtime.updateAvailable !== null
  }
}

function inScope(runtime: Runtime, { compute, onlyMine }: View): boolean {
  return (compute === null || runtime.compute === compute) && (!onlyMine || runtime.mine)
}

function found(runtime: Runtime, search: string): boolean {
  const words = search.trim().toLowerCase().split(/\s+/).filter(Boolean)
  const text = [
    runtime.name,
    runtime.status,
    runtime.version ?? '',
    namedTitle(runtime) ?? '',
    runtime.image,
    runtime.environment,
    runtime.computeName,
    runtime.endpoint ?? '',
    runtime.creator,
    runtime.spec?.description ?? '',
  ]
    .join('\n')
    .toLowerCase()
  return words.every((word) => text.includes(word))
}

/** How many each pill would show. */
export function countFilters(runtimes: readonly Runtime[], chosen: View): Record<Filter, number> {
  const counts = { all: 0, available: 0, attention: 0, updates: 0 }
  for (const runtime of runtimes) {
    if (!inScope(runtime, chosen)) continue
    for (const filter of FILTERS) if (passesFilter(runtime, filter)) counts[filter] += 1
  }
  return counts
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

/** What a column is sorted by; `null` = nothing known, always last. */
function sortValue(runtime: Runtime, column: Column): string | number | null {
  switch (column) {
    case 'name':
      return runtime.name
    case 'status':
      return runtime.status
    case 'version':
      return namedOf(runtime)?.version ?? runtime.version
    case 'environment':
      return runtime.environment
    case 'compute':
      return runtime.computeName
    case 'endpoint':
      return runtime.endpoint
    case 'cpu':
      return live.usage.get(runtime.id)?.now.cpuPercent ?? null
    case 'memory':
      return live.usage.get(runtime.id)?.now.memory ?? null
    case 'created':
      return runtime.created === null ? null : Date.parse(runtime.created)
  }
}

/**
 * Values that cannot be compared stand in groups, the same way in both directions: dated versions,
 * versions of environments, and what is not known.
 */
function group(runtime: Runtime, column: Column): number {
  if (sortValue(runtime, column) === null) return 2
  return column === 'version' && namedOf(runtime) ? 1 : 0
}

/** The rows to show, in their order. Versions compare their numbers as numbers. */
export function visibleRows(runtimes: readonly Runtime[], chosen: View): Runtime[] {
  const { column, descending } = chosen.sort
  const direction = descending ? -1 : 1
  return runtimes
    .filter(
      (runtime) =>
        inScope(runtime, chosen) &&
        passesFilter(runtime, chosen.filter) &&
        found(runtime, chosen.search),
    )
    .sort((one, other) => {
      const apart = group(one, column) - group(other, column)
      if (apart !== 0) return apart
      const a = sortValue(one, column)
      const b = sortValue(other, column)
      if (a !== null && b !== null) {
        const order =
          typeof a === 'number' && typeof b === 'number'
            ? a - b
            : collator.compare(String(a), String(b))
        if (order !== 0) return order * direction
      }
      return collator.compare(one.name, other.name)
    })
}
