import { useSyncExternalStore } from 'react'
import type { EnvironmentView, Operation } from '../../backend/types'
import { ValueStore } from '../../state/keyedStore'
import { pythonVersion, stateOf } from '../environment/state'

export const COLUMNS = [
  'name',
  'kind',
  'version',
  'python',
  'promptflow',
  'size',
  'runtimes',
  'state',
] as const
export type Column = (typeof COLUMNS)[number]

/** What the person chose to see. It stays while the window is open. */
export interface View {
  search: string
  sort: { column: Column; descending: boolean }
}

export const startView: View = { search: '', sort: { column: 'name', descending: false } }

export const view = new ValueStore<View>(startView)

export function useView(): [View, (change: Partial<View>) => void] {
  const value = useSyncExternalStore(view.subscribe, view.get)
  return [value, (change) => view.set({ ...view.get(), ...change })]
}

function found(environment: EnvironmentView, search: string): boolean {
  const { name, description, source, versions } = environment
  const from =
    source.kind === 'packages'
      ? `${source.base} ${source.requirements}`
      : source.kind === 'buildContext'
        ? source.folder
        : source.kind === 'image'
          ? source.reference
          : source.repository
  const text = [name, description, source.kind, from, versions[0]?.promptflow, versions[0]?.python]
    .join('\n')
    .toLowerCase()
  return search
    .trim()
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

/** What a column is sorted by; `null` = nothing known, always last. */
function sortValue(
  environment: EnvironmentView,
  column: Column,
  operations: readonly Operation[],
): string | number | null {
  const [newest] = environment.versions
  switch (column) {
    case 'name':
      return environment.name
    case 'kind':
      return environment.source.kind
    case 'version':
      return newest ? Date.parse(newest.created) : null
    case 'python':
      return pythonVersion(newest)
    case 'promptflow':
      return newest?.promptflow ?? null
    case 'size':
      return newest?.size ?? null
    case 'runtimes':
      return environment.runtimes.length
    case 'state':
      return stateOf(environment, operations)
  }
}

/** The rows to show, in their order. */
export function visibleRows(
  environments: readonly EnvironmentView[],
  { search, sort }: View,
  operations: readonly Operation[],
): EnvironmentView[] {
  const direction = sort.descending ? -1 : 1
  return environments
    .filter((environment) => found(environment, search))
    .sort((one, other) => {
      const a = sortValue(one, sort.column, operations)
      const b = sortValue(other, sort.column, operations)
      if (a === null || b === null) {
        if (a !== b) return a === null ? 1 : -1
      } else {
        const order =
          typeof a === 'number' && typeof b === 'number'
            ? a - b
            : collator.compare(String(a), String(b))
        if (order !== 0) return order * direction
      }
      return collator.compare(one.name, other.name)
    })
}
