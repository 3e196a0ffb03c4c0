import { useEffect, useState } from 'react'
import type { OperationKind, Runtime } from '../../backend/types'
import { isRunning, useLiveOperation } from '../../state'

/**
 * The operation that a decision's dialog shows: the one it started, or one of these kinds that is
 * under way on the runtime. It stays when it has ended.
 */
export function useShownOperation(
  runtime: Runtime,
  kinds: readonly OperationKind[],
): [string | null, (id: string | null) => void] {
  const [shown, setShown] = useState<string | null>(null)
  const current = useLiveOperation(runtime.operation ?? '')
  const fits = current !== undefined && isRunning(current) && kinds.includes(current.kind)
  const id = fits ? current.id : null
  useEffect(() => {
    if (id !== null) setShown(id)
  }, [id])
  return [shown ?? id, setShown]
}
