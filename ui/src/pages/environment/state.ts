import type { EnvironmentVersionView, EnvironmentView, Operation } from '../../backend/types'
import { isRunning, useAsk, useLiveOperations } from '../../state'
import type { Tone } from '../../theme'

/** How an environment stands, in one word. */
export type EnvironmentState = 'building' | 'attention' | 'notBuilt' | 'newerBase' | 'ready'

export const toneOfState: Record<EnvironmentState, Tone> = {
  building: 'working',
  attention: 'bad',
  notBuilt: 'quiet',
  newerBase: 'warning',
  ready: 'good',
}

/** Every environment; asked again at each opening, since a definition may be edited by hand. */
export const useEnvironments = () => useAsk('list_environments', {}, { staleTime: 0 })

/** The build under way on an environment, as far as it was told. */
export const buildOf = (
  environment: string,
  operations: readonly Operation[],
): Operation | undefined =>
  operations.find((operation) => operation.environment === environment && isRunning(operation))

/** Whether something works on an environment; what is told live is newer than what was answered. */
export function isBusy(environment: EnvironmentView, operations: readonly Operation[]): boolean {
  if (buildOf(environment.id, operations)) return true
  const told = operations.find(({ id }) => id === environment.operation)
  return environment.operation !== null && told === undefined
}

export function stateOf(
  environment: EnvironmentView,
  operations: readonly Operation[],
): EnvironmentState {
  if (isBusy(environment, operations)) return 'building'
  if (environment.problems.length > 0) return 'attention'
  if (environment.versions.length === 0) return 'notBuilt'
  if (environment.news && environment.news.newer.length > 0) return 'newerBase'
  return 'ready'
}

export function useEnvironmentState(environment: EnvironmentView): EnvironmentState {
  return stateOf(environment, useLiveOperations())
}

/** `3.11.2` of `3.11.2 (/opt/venv/bin/python)`. */
export const pythonVersion = (version: EnvironmentVersionView | undefined): string | null =>
  version?.python?.split(' ')[0] ?? null

/** Whether its image is built here, rather than taken from somewhere. */
export const isBuilt = ({ source }: EnvironmentView): boolean =>
  source.kind === 'packages' || source.kind === 'buildContext'
