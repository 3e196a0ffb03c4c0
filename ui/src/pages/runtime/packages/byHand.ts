import type { Operation, Runtime } from '../../../backend/types'
import { newestFirst } from '../../../components/operation/OperationHistory'
import { useAsk, useLiveOperations } from '../../../state'

/** Kinds after whose success another container serves than before. */
const RECREATES: ReadonlySet<Operation['kind']> = new Set([
  'create',
  'update',
  'addPackages',
  'rollBack',
  'manage',
  'recover',
])

function recreated({ kind, steps }: Operation): boolean {
  if (RECREATES.has(kind)) return true
  // A configuration may also be changed in place.
  return (
    kind === 'reconfigure' &&
    steps.some((step) => step.kind === 'switchOver' && step.state === 'done')
  )
}

/** Successful installs into the container that serves now, newest first. */
export function installsOf(operations: readonly Operation[]): Operation[] {
  const installs: Operation[] = []
  for (const operation of operations) {
    if (operation.state !== 'succeeded') continue
    if (recreated(operation)) break
    if (operation.kind === 'install' && (operation.packages?.length ?? 0) > 0) {
      installs.push(operation)
    }
  }
  return installs
}

const keyOf = (operation: string) => `installed.${operation}`

/** Remembers what was typed for an install, as long as the window is open. */
export function rememberTyped(operation: string, requirements: string[]): void {
  sessionStorage.setItem(keyOf(operation), JSON.stringify(requirements))
}

function typedFor(operation: string): string[] | null {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(keyOf(operation)) ?? 'null')
    return Array.isArray(kept) ? kept.filter((line) => typeof line === 'string') : null
  } catch {
    return null
  }
}

export interface ByHand {
  /** The newest install. */
  operation: string
  /** How many packages changed. */
  count: number
  /** What was typed, oldest first; where that is not known any more, the changed packages. */
  requirements: string[]
}

/** What was installed by hand; `null` = nothing. */
export function byHand(installs: readonly Operation[]): ByHand | null {
  const [newest] = installs
  if (!newest) return null
  const names = new Set(
    installs.flatMap(({ packages }) => (packages ?? []).map(({ name }) => name)),
  )
  const requirements = [...installs]
    .reverse()
    .flatMap(
      ({ id, packages }) =>
        typedFor(id) ??
        (packages ?? []).flatMap(({ name, to }) => (to === null ? [] : [`${name}==${to}`])),
    )
  return { operation: newest.id, count: names.size, requirements: [...new Set(requirements)] }
}

/** What was installed by hand into the container that serves now. */
export function useByHand(runtime: Runtime): ByHand | null {
  const told = useLiveOperations()
  const { data } = useAsk('runtime_history', { runtime: runtime.id })
  return byHand(
    installsOf(
      newestFirst(data?.operations ?? [], told, (operation) => operation.runtime === runtime.id),
    ),
  )
}
