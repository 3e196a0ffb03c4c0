import type {
  Batch,
  Change,
  ComputeView,
  Diagnosis,
  FlowRun,
  Operation,
  Problem,
  Runtime,
  Series,
  Settings,
  Usage,
  VersionCheck,
} from '../backend/types'
import { KeyedStore, ValueStore } from './keyedStore'

/** Readings kept of each runtime, for its sparkline. */
export const USAGE_READINGS = 40

/** CPU and memory of one runtime: now, and the CPU's last readings, oldest first. */
export interface LiveUsage {
  now: Usage
  cpu: readonly number[]
}

/** Whether the application tells what happens. */
export type Connection =
  | { kind: 'connecting' }
  | { kind: 'live' }
  | { kind: 'failed'; problem: Problem }

/** Operations, runs and batch runs of flows that the window would close over. */
export interface Closing {
  operations: readonly Operation[]
  runs: readonly FlowRun[]
  batches: readonly Batch[]
}

/** What the application told by itself: filled by `watch`, read through the hooks beside this file. */
export const live = {
  connection: new ValueStore<Connection>({ kind: 'connecting' }),
  runtimes: new KeyedStore<Runtime>(),
  usage: new KeyedStore<LiveUsage>(),
  /** By id; running ones, and those that ended while this window was open. */
  operations: new KeyedStore<Operation>(),
  /** By id; runs of flows that are active, and those that ended while this window was open. */
  flowRuns: new KeyedStore<FlowRun>(),
  /** By id; batch runs that are active, and those that ended or changed while this window was open. */
  batches: new KeyedStore<Batch>(),
  /** By runtime. */
  versionChecks: new KeyedStore<VersionCheck>(),
  /** By runtime: what was looked at last, also while it goes on. */
  diagnoses: new KeyedStore<Diagnosis>(),
  computes: new ValueStore<readonly ComputeView[]>([]),
  settings: new ValueStore<Settings | null>(null),
  /** The series of updates that runs, or the last one while this window was open. */
  series: new ValueStore<Series | null>(null),
  /** What hinders the window from closing, while the person is asked. */
  closing: new ValueStore<Closing | null>(null),
}

/** Whether an operation has not ended yet. */
export function isRunning(operation: Operation): boolean {
  return (
    operation.state === 'running' ||
    operation.state === 'cancelling' ||
    operation.state === 'goingBack'
  )
}

/** Takes one change into the stores. */
export function applyChange(change: Change): void {
  switch (change.kind) {
    case 'runtimes':
      live.runtimes.apply(
        change.changed.map((runtime) => [runtime.id, runtime] as const),
        change.removed,
      )
      live.usage.apply([], change.removed)
      live.usage.apply(
        [],
        change.changed.filter((runtime) => runtime.started === null).map((runtime) => runtime.id),
      )
      live.versionChecks.apply([], change.removed)
      live.diagnoses.apply([], change.removed)
      break
    case 'computes':
      live.computes.set(change.computes)
      break
    case 'usage':
      live.usage.apply(
        change.readings.map(({ runtime, usage }) => {
          const cpu = live.usage.get(runtime)?.cpu ?? []
          return [
            runtime,
            { now: usage, cpu: [...cpu.slice(1 - USAGE_READINGS), usage.cpuPercent] },
          ] as const
        }),
      )
      break
    case 'operation':
      live.operations.apply([[change.operation.id, change.operation]])
      break
    case 'flowRun':
      live.flowRuns.apply([[change.run.id, change.run]])
      break
    case 'batch':
      live.batches.apply([[change.batch.id, change.batch]])
      break
    case 'versionCheck':
      live.versionChecks.apply([[change.check.runtime, change.check]])
      break
    case 'diagnosis':
      live.diagnoses.apply([[change.diagnosis.runtime, change.diagnosis]])
      break
    case 'settings':
      live.settings.set(change.settings)
      break
    case 'series':
      live.series.set(change.series)
      break
    case 'registryLogins':
    case 'connections':
    case 'environments':
    case 'flow':
    case 'flows':
    case 'batches':
    case 'updatePolicy':
      break
    case 'closing':
      live.closing.set({
        operations: change.operations,
        runs: change.runs,
        batches: change.batches,
      })
      break
    default:
      change satisfies never
  }
}

/** Forgets everything; for tests and for a new connection. */
export function forgetLive(): void {
  live.connection.set({ kind: 'connecting' })
  live.runtimes.clear()
  live.usage.clear()
  live.operations.clear()
  live.flowRuns.clear()
  live.batches.clear()
  live.versionChecks.clear()
  live.diagnoses.clear()
  live.computes.set([])
  live.settings.set(null)
  live.series.set(null)
  live.closing.set(null)
}
