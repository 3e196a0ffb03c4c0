import { useCallback, useEffect, useRef, useState } from 'react'
import { call, problemOf } from '../../backend'
import type { Freshness, Problem, VersionCheck } from '../../backend/types'
import { useLiveVersionCheck } from '../../state'
import { applyChange } from '../../state/live'

export interface VersionState {
  check: VersionCheck | undefined
  checking: boolean
  /** Why the last question had no answer at all. */
  problem: Problem | null
  /** Asks the registry now; answers the check, or nothing when that went wrong. */
  checkNow: () => Promise<VersionCheck | null>
  /** Takes what is known once more, after the person said what to do about a version. */
  refresh: () => void
}

/** The cached answer at once, then a fresh one: asked at each opening and when the image changes. */
export function useVersionCheck(runtime: string, digest: string): VersionState {
  const check = useLiveVersionCheck(runtime)
  const [asking, setAsking] = useState(0)
  const [problem, setProblem] = useState<Problem | null>(null)
  const shown = useRef(true)
  const ask = useCallback(
    async (freshness: Freshness): Promise<VersionCheck | null> => {
      setAsking((count) => count + 1)
      try {
        const answer = await call('check_version', { runtime, freshness })
        if (answer.check) applyChange({ kind: 'versionCheck', check: answer.check })
        if (shown.current) setProblem(null)
        return answer.check
      } catch (error) {
        if (shown.current) setProblem(problemOf(error))
        return null
      } finally {
        if (shown.current) setAsking((count) => count - 1)
      }
    },
    [runtime],
  )
  useEffect(() => {
    shown.current = true
    return () => {
      shown.current = false
    }
  }, [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: another image needs another answer
  useEffect(() => {
    let left = false
    ask('cached').then(() => (left ? null : ask('page')))
    return () => {
      left = true
    }
  }, [ask, digest])
  const checkNow = useCallback(() => ask('now'), [ask])
  const refresh = useCallback(() => {
    ask('cached')
  }, [ask])
  return { check, checking: asking > 0, problem, checkNow, refresh }
}
