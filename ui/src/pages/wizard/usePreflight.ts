import { useMemo, useRef } from 'react'
import type { Preflight, Problem } from '../../backend/types'
import { useAsk } from '../../state'
import type { WizardDraft } from './draft'
import { draftOf } from './form'

export interface PreflightRun {
  results: Preflight | undefined
  running: boolean
  problem: Problem | null
  again: () => void
  /** The results, once they are there. */
  settled: () => Promise<Preflight | undefined>
}

/** Runs the preflight each time the review is come to. */
export function usePreflight({ form, step }: WizardDraft): PreflightRun {
  const request = useMemo(() => ({ compute: form.compute, draft: draftOf(form) }), [form])
  const { data, error, isFetching, refetch } = useAsk('preflight', request, {
    enabled: step === 'review' && form.compute !== '',
    staleTime: 0,
  })
  const running = isFetching
  const latest = useRef({ data, running })
  latest.current = { data, running }
  return {
    results: data,
    running,
    problem: error?.problem ?? null,
    again: () => {
      refetch()
    },
    settled: async () => {
      if (!latest.current.running && latest.current.data) return latest.current.data
      // A run that is under way already is waited for, not begun anew.
      const { data: results } = await refetch({ cancelRefetch: false })
      return results
    },
  }
}
