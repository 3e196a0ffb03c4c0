import type { Operation } from '../backend/types'

/** Tabs of the detail page, as they stand in its address. */
export type RuntimeTab = 'overview' | 'logs' | 'packages' | 'history' | 'configuration'

/** Addresses of the pages. Nothing else spells one. */
export const paths = {
  runtimes: '/runtimes',
  /** The wizard; with an operation, its progress. */
  addRuntime: (operation?: string) =>
    operation === undefined ? '/runtimes/add' : `/runtimes/add?operation=${operation}`,
  runtime: (id: string, tab?: RuntimeTab) =>
    tab === undefined ? `/runtimes/${id}` : `/runtimes/${id}?tab=${tab}`,
  /** The detail page with the update dialog open. */
  update: (id: string) => `/runtimes/${id}?update=open`,
  updateAll: '/runtimes/update-all',
  /** The Configuration tab with its form open at a field; `port` is a free one that was proposed. */
  configure: (id: string, field: string, port: number | null = null) =>
    `/runtimes/${id}?tab=configuration&edit=${field}${port === null ? '' : `&port=${port}`}`,
  activity: '/activity',
  computes: '/computes',
  /** With a registry, the form for its login is open. */
  connections: (registry?: string) =>
    registry === undefined
      ? '/connections'
      : `/connections?registry=${encodeURIComponent(registry)}`,
  settings: '/settings',
  /** Where an operation is shown with its progress. */
  operation: (operation: Operation) => {
    switch (operation.kind) {
      case 'create':
        return paths.addRuntime(operation.id)
      case 'update':
      case 'rollBack':
        return paths.update(operation.runtime)
      case 'reconfigure':
        return `${paths.runtime(operation.runtime, 'configuration')}&change=open`
      default:
        return paths.runtime(operation.runtime)
    }
  },
}
