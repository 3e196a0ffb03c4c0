import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Problem, RuntimeDraft } from '../../backend/types'
import {
  type FieldProblems,
  isSettingsProblem,
  sentences,
} from '../../components/settings/settingsForm'
import { useSettled } from '../../components/useSettled'
import { question, useAsk } from '../../state'
import type { WizardDraft } from './draft'
import { draftOf, type LocalProblem, localProblems, stepOfField, type WizardForm } from './form'

/** Milliseconds that typing has to rest before the application is asked. */
const REST = 250

/** What both sides say; where an exposure waits for its confirmation, that is said once. */
function together(told: FieldProblems, local: FieldProblems): Map<string, string> {
  const problems = new Map([...told, ...local])
  if (local.has('confirmedExposure')) problems.delete('bindAddress')
  return problems
}

const allConfirmed = (draft: RuntimeDraft): RuntimeDraft => ({
  ...draft,
  variables: draft.variables.map((variable) => ({ ...variable, confirmed: true })),
})

export interface DraftChecks {
  /** Problems to show now: of touched fields, and of steps where *Next* was pressed. */
  shown: FieldProblems
  /** Variables (by index) that would be accepted if the person confirmed them. */
  confirmable: ReadonlySet<number>
  /** A problem of the check itself. */
  broken: Problem | null
  /** Asks again about the form as it was last asked about. */
  again: () => void
  /** Asks about the form as it is now. Throws `ProblemError`. */
  checkNow: (form: WizardForm) => Promise<FieldProblems>
}

/** Checks a draft as one types. */
export function useDraftCheck({ form, touched, tried }: WizardDraft): DraftChecks {
  const { t } = useTranslation(['wizard', 'fields'])
  const client = useQueryClient()
  const words = useCallback(
    (problem: LocalProblem) =>
      isSettingsProblem(problem) ? t(`fields:problem.${problem}`) : t(`problem.${problem}`),
    [t],
  )
  const local = useMemo(() => {
    const byField = new Map<string, string>()
    for (const [field, problem] of localProblems(form)) byField.set(field, words(problem))
    return byField
  }, [form, words])
  const settled = useSettled(form, REST)
  const request = useMemo(() => ({ compute: settled.compute, draft: draftOf(settled) }), [settled])
  const { data, error, refetch } = useAsk('check_draft', request, {
    enabled: request.compute !== '',
    keepPrevious: true,
    staleTime: 0,
  })
  const doubtful = (data?.problems ?? []).some(({ field }) => field?.startsWith('variables.'))
  const confirmed = useAsk(
    'check_draft',
    { ...request, draft: allConfirmed(request.draft) },
    { enabled: doubtful, staleTime: 0 },
  )
  const told = useMemo(() => sentences(data?.problems ?? []), [data])
  const shown = useMemo(() => {
    const problems = together(told, local)
    for (const field of problems.keys()) {
      const list = field.split('.')[0] ?? field
      const seen = touched.has(field) || touched.has(list) || tried.has(stepOfField(field))
      if (!seen) problems.delete(field)
    }
    return problems
  }, [told, local, touched, tried])
  const confirmable = useMemo(() => {
    const left = new Set((confirmed.data?.problems ?? []).map(({ field }) => field))
    const indexes = new Set<number>()
    for (const field of told.keys()) {
      if (!doubtful || !confirmed.data) break
      if (field.startsWith('variables.') && !left.has(field)) {
        indexes.add(Number(field.split('.')[1]))
      }
    }
    return indexes
  }, [told, doubtful, confirmed.data])
  const checkNow = useCallback(
    async (now: WizardForm) => {
      const problems = new Map<string, string>()
      for (const [field, problem] of localProblems(now)) {
        problems.set(field, words(problem))
      }
      if (now.compute === '') return problems
      const answer = await client.fetchQuery({
        ...question('check_draft', { compute: now.compute, draft: draftOf(now) }),
        staleTime: 0,
      })
      return together(sentences(answer.problems), problems)
    },
    [client, words],
  )
  return {
    shown,
    confirmable,
    broken: error?.problem ?? null,
    again: () => {
      refetch()
    },
    checkNow,
  }
}
