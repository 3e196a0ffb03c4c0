import { useEffect, useRef } from 'react'
import type { Diagnosis, Problem, Runtime } from '../../../backend/types'
import { useAction, useAsk, useLiveDiagnosis } from '../../../state'
import { live } from '../../../state/live'

/** What is older than this is looked at again when one comes to it; milliseconds. */
const FRESH = 60_000

export interface DiagnosisState {
  /** The newest one there is, also while it goes on; `null` = none yet. */
  diagnosis: Diagnosis | null
  running: boolean
  /** Looking was not possible. */
  problem: Problem | null
  look: () => void
}

/**
 * The diagnosis of a runtime. It begins by itself when there is none or an old one, and again when an operation on
 * the runtime has ended.
 */
export function useDiagnosis({ id, operation }: Pick<Runtime, 'id' | 'operation'>): DiagnosisState {
  const told = useLiveDiagnosis(id)
  const last = useAsk('diagnosis', { runtime: id })
  const action = useAction('diagnose_runtime')
  const diagnosis = told ?? last.data?.diagnosis ?? null
  const { mutate } = action
  const look = () =>
    mutate(
      { runtime: id },
      { onSuccess: (found) => live.diagnoses.apply([[found.runtime, found]]) },
    )
  const begin = useRef(look)
  begin.current = look

  const known = last.isFetched
  const came = useRef(false)
  useEffect(() => {
    if (!known || came.current) return
    came.current = true
    const fresh =
      diagnosis !== null && (diagnosis.running || Date.now() - Date.parse(diagnosis.began) < FRESH)
    if (!fresh) begin.current()
  }, [known, diagnosis])

  const before = useRef(operation)
  useEffect(() => {
    if (before.current !== null && operation === null) begin.current()
    before.current = operation
  }, [operation])

  return {
    diagnosis,
    running: action.isPending || diagnosis?.running === true,
    problem: action.error?.problem ?? (diagnosis ? null : (last.error?.problem ?? null)),
    look,
  }
}
