import { useCallback, useRef, useState } from 'react'
import { problemOf } from '../../backend'
import type { ConnectionTest, Problem, TestConnection } from '../../backend/types'
import { useAction } from '../../state'

/** How the test of a connection stands. */
export type ConnectionTrialState =
  | { kind: 'running' }
  | { kind: 'done'; test: ConnectionTest }
  | { kind: 'broken'; problem: Problem }

/** Tests a connection; only the newest test's result counts. */
export function useConnectionTrial() {
  const { mutateAsync } = useAction('test_connection')
  const [trial, setTrial] = useState<ConnectionTrialState | null>(null)
  const newest = useRef(0)
  const run = useCallback(
    async (request: TestConnection): Promise<Problem | null> => {
      newest.current += 1
      const mine = newest.current
      const settle = (state: ConnectionTrialState | null) => {
        if (newest.current === mine) setTrial(state)
      }
      setTrial({ kind: 'running' })
      try {
        settle({ kind: 'done', test: await mutateAsync(request) })
        return null
      } catch (error) {
        const problem = problemOf(error)
        // What concerns a field is told there.
        settle(problem.field ? null : { kind: 'broken', problem })
        return problem
      }
    },
    [mutateAsync],
  )
  const forget = useCallback(() => {
    newest.current += 1
    setTrial(null)
  }, [])
  return { trial, run, forget }
}
