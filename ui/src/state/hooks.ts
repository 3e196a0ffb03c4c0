import { useCallback, useSyncExternalStore } from 'react'
import type {
  Batch,
  ComputeView,
  Diagnosis,
  FlowRun,
  Operation,
  Runtime,
  Series,
  Settings,
  VersionCheck,
} from '../backend/types'
import type { KeyedStore, ValueStore } from './keyedStore'
import { type Closing, type Connection, type LiveUsage, live } from './live'

function useKey<V>(store: KeyedStore<V>, key: string): V | undefined {
  const subscribe = useCallback(
    (listener: () => void) => store.subscribeKey(key, listener),
    [store, key],
  )
  return useSyncExternalStore(subscribe, () => store.get(key))
}

function useAll<V>(store: KeyedStore<V>): readonly V[] {
  return useSyncExternalStore(store.subscribe, store.all)
}

function useValue<V>(store: ValueStore<V>): V {
  return useSyncExternalStore(store.subscribe, store.get)
}

export const useConnection = (): Connection => useValue(live.connection)
export const useRuntimes = (): readonly Runtime[] => useAll(live.runtimes)
export const useRuntime = (id: string): Runtime | undefined => useKey(live.runtimes, id)
export const useUsage = (id: string): LiveUsage | undefined => useKey(live.usage, id)
export const useLiveOperations = (): readonly Operation[] => useAll(live.operations)
export const useLiveOperation = (id: string): Operation | undefined => useKey(live.operations, id)
export const useLiveFlowRuns = (): readonly FlowRun[] => useAll(live.flowRuns)
export const useLiveBatches = (): readonly Batch[] => useAll(live.batches)
export const useLiveVersionCheck = (runtime: string): VersionCheck | undefined =>
  useKey(live.versionChecks, runtime)
export const useLiveDiagnosis = (runtime: string): Diagnosis | undefined =>
  useKey(live.diagnoses, runtime)
export const useComputes = (): readonly ComputeView[] => useValue(live.computes)
export const useLiveSettings = (): Settings | null => useValue(live.settings)
export const useSeries = (): Series | null => useValue(live.series)
export const useClosing = (): Closing | null => useValue(live.closing)
