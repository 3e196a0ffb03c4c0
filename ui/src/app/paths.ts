import type { ConnectionType, Operation, Remedy } from '../backend/types'

/** Tabs of the detail page, as they stand in its address. */
export type RuntimeTab =
  | 'overview'
  | 'logs'
  | 'packages'
  | 'diagnostics'
  | 'history'
  | 'configuration'

/** Tabs of an environment's page. */
export type EnvironmentTab = 'overview' | 'versions' | 'build' | 'history'

/** Tabs of a flow's page about its runs. */
export type FlowTab = 'run' | 'log' | 'history' | 'batches'

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
  /** The detail page with the dialog to manage an adopted runtime fully open. */
  manage: (id: string) => `/runtimes/${id}?manage=open`,
  /** The Packages tab with the dialog to add packages open. */
  addPackages: (id: string) => `/runtimes/${id}?tab=packages&add=open`,
  /** The Diagnostics tab with the dialog open that does this remedy. */
  mend: (id: string, remedy: Remedy) =>
    `/runtimes/${id}?${new URLSearchParams({ tab: 'diagnostics', mend: JSON.stringify(remedy) })}`,
  updateAll: '/runtimes/update-all',
  /** The Configuration tab with its form open at a field; `port` is a free one that was proposed. */
  configure: (id: string, field: string, port: number | null = null) =>
    `/runtimes/${id}?tab=configuration&edit=${field}${port === null ? '' : `&port=${port}`}`,
  flows: '/flows',
  /** The page of a flow; its id is the path of its file. */
  flow: (id: string) => `/flows/${encodeURIComponent(id)}`,
  /** The page of a flow with one of its runs shown. */
  flowRun: (flow: string, run: string) =>
    `/flows/${encodeURIComponent(flow)}?run=${encodeURIComponent(run)}`,
  /** The page of a flow with its batch runs shown. */
  flowBatches: (flow: string) => `/flows/${encodeURIComponent(flow)}?tab=batches`,
  /**
   * The form for a batch run of a flow: `other` is the batch run that values are taken from, `from` the one
   * that it begins as.
   */
  newBatch: (flow: string, begin: { other?: string; from?: string } = {}) => {
    const query = new URLSearchParams(begin).toString()
    return `/flows/${encodeURIComponent(flow)}/batch${query === '' ? '' : `?${query}`}`
  },
  /** Batch runs of all flows. */
  batches: '/flows/batches',
  /** A batch run, with one of its rows (from 0) shown. */
  batch: (id: string, row?: number) =>
    `/flows/batches/${encodeURIComponent(id)}${row === undefined ? '' : `?row=${row}`}`,
  /** Batch runs side by side, the first is what the others are compared with. */
  compareBatches: (ids: readonly string[]) =>
    `/flows/batches/compare?${new URLSearchParams(ids.map((id) => ['run', id]))}`,
  environments: '/environments',
  addEnvironment: '/environments/add',
  environment: (id: string, tab?: EnvironmentTab) =>
    tab === undefined ? `/environments/${id}` : `/environments/${id}?tab=${tab}`,
  /** The Versions tab with one version chosen. */
  environmentVersion: (id: string, number: number) =>
    `/environments/${id}?tab=versions&version=${number}`,
  /** The Build tab with one build and its log. */
  buildLog: (id: string, operation: string) =>
    `/environments/${id}?tab=build&operation=${operation}`,
  /** The page with the dialog to build open. */
  buildEnvironment: (id: string) => `/environments/${id}?build=open`,
  /** With a secret's id, the field with its value has the focus. */
  editEnvironment: (id: string, secret?: string) =>
    secret === undefined
      ? `/environments/${id}/edit`
      : `/environments/${id}/edit?secret=${encodeURIComponent(secret)}`,
  /** The wizard with a version of an environment chosen. */
  addRuntimeOf: (environment: string, version: number) =>
    `/runtimes/add?environment=${environment}&version=${version}`,
  activity: '/activity',
  /** Where a log file is opened. */
  logs: '/logs',
  logFile: (path: string) => `/logs?${new URLSearchParams({ file: path })}`,
  /** The logs of runtimes, merged by time. */
  logsOf: (runtimes: readonly string[]) =>
    `/logs?${new URLSearchParams(runtimes.map((id) => ['runtime', id]))}`,
  computes: '/computes',
  /** What images take on a compute. */
  disk: (compute: string) => `/computes/${encodeURIComponent(compute)}/disk`,
  /** With a registry, the form for its login is open. */
  connections: (registry?: string) =>
    registry === undefined
      ? '/connections'
      : `/connections?registry=${encodeURIComponent(registry)}`,
  /** With the form for a new connection open; `null` = its type is not known. */
  addConnection: (name: string, type: ConnectionType | null) => {
    const query = new URLSearchParams(type === null ? { add: name } : { add: name, type })
    return `/connections?${query}`
  },
  settings: '/settings',
  /** What a support file would hold: about one runtime, or about all. */
  support: (runtime?: string) =>
    runtime === undefined ? '/support' : `/support?${new URLSearchParams({ runtime })}`,
  /** Where an operation is shown with its progress. */
  operation: (operation: Operation) => {
    const { environment, runtime } = operation
    if (environment !== null) return paths.environment(environment, 'build')
    if (runtime === null) return paths.activity
    switch (operation.kind) {
      case 'create':
        return paths.addRuntime(operation.id)
      case 'update':
      case 'rollBack':
        return paths.update(runtime)
      case 'reconfigure':
        return `${paths.runtime(runtime, 'configuration')}&change=open`
      case 'manage':
        return paths.manage(runtime)
      case 'addPackages':
        return paths.addPackages(runtime)
      case 'install':
        return `${paths.runtime(runtime, 'packages')}&install=open`
      default:
        return paths.runtime(runtime)
    }
  },
}
