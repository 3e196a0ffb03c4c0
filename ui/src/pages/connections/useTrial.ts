import { useCallback, useRef, useState } from 'react'
import { problemOf } from '../../backend'
import type { TryLogin } from '../../backend/types'
import { useAction } from '../../state'
import type { TrialState } from './Trial'

/** Tries a login; only the newest trial's result counts. */
export function useTrial(): [TrialState | null, (request: TryLogin) => void, () => void] {
  const { mutateAsync } = useAction('try_registry_login')
  const [trial, setTrial] = useState<TrialState | null>(null)
  const newest = useRef(0)
  const run = useCallback(
    (request: TryLogin) => {
      newest.current += 1
      const mine = newest.current
      const settle = (state: TrialState) => {
        if (newest.current === mine) setTrial(state)
      }
      setTrial({ kind: 'running', registry: request.registry })
      mutateAsync(request).then(
        ({ problem }) =>
          settle(
            problem
              ? { kind: 'refused', problem }
              : { kind: 'accepted', registry: request.registry, repository: request.repository },
          ),
        (error) => settle({ kind: 'refused', problem: problemOf(error) }),
      )
    },
    [mutateAsync],
  )
  const forget = useCallback(() => {
    newest.current += 1
    setTrial(null)
  }, [])
  return [trial, run, forget]
}
