import { useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { problemOf } from '../../../backend'
import type {
  ConfigurationPreview,
  ConfigurationView,
  Problem,
  Runtime,
} from '../../../backend/types'
import { sentences } from '../../../components/settings/settingsForm'
import { useSettled } from '../../../components/useSettled'
import { question, useAsk } from '../../../state'
import {
  type ConfigurationForm,
  draftOf,
  firstField,
  firstOf,
  formOf,
  isDirty,
  localProblems,
  onto,
} from './form'

/** Milliseconds that typing has to rest before the application is asked. */
const REST = 300

/** Variables whose problem goes away when they are confirmed: only the doubt about keys has a hint. */
function confirmableOf(problems: readonly Problem[]): Set<number> {
  return new Set(
    problems
      .filter(({ field, hints }) => field?.startsWith('variables.') && hints.length > 0)
      .map(({ field }) => Number(field?.split('.')[1])),
  )
}

/** What is typed on the Configuration tab, checked as one types. */
export function useEdit(
  runtime: Runtime,
  opened: ConfigurationView,
  field: string | null,
  port: string | null,
) {
  const { t } = useTranslation(['configuration', 'fields'])
  const client = useQueryClient()
  /** The state that the changes are based on. */
  const [view, setView] = useState(opened)
  const [form, setForm] = useState(() => ({
    ...formOf(opened),
    ...(port === null ? {} : { hostPort: port }),
  }))
  const [focus, setFocus] = useState<string | null>(() =>
    field === 'mounts' || field === 'variables' ? firstOf(field, opened) : (field ?? 'description'),
  )
  const [preview, setPreview] = useState<ConfigurationPreview | null>(null)
  const [asking, setAsking] = useState(false)
  const [held, setHeld] = useState<string | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const dirty = isDirty(form, view)
  const request = useMemo(
    () => ({ runtime: runtime.id, basedOn: view.basedOn, draft: draftOf(form) }),
    [runtime.id, view, form],
  )
  const settled = useSettled(request, REST)
  const typed = useAsk('preview_configuration', settled, {
    enabled: dirty,
    staleTime: 0,
    keepPrevious: true,
  })
  const told = useMemo(() => (dirty ? (typed.data?.problems ?? []) : []), [dirty, typed.data])
  const local = useMemo(() => {
    const byField = new Map<string, string>()
    for (const [name, one] of localProblems(form, view))
      byField.set(name, t(`fields:problem.${one}`))
    return byField
  }, [form, view, t])
  const problems = useMemo(() => {
    const all = new Map([...sentences(told), ...local])
    // An exposure that waits for its confirmation is said once.
    if (local.has('confirmedExposure')) all.delete('bindAddress')
    return all
  }, [told, local])

  const type = (_: string, change: Partial<ConfigurationForm>) => {
    setHeld(null)
    setProblem(null)
    setForm((now) => ({ ...now, ...change }))
  }
  /** Finds out what would change; with `anew`, compared with what the runtime has by now. */
  const review = async (anew = false) => {
    if (asking) return
    setAsking(true)
    setHeld(null)
    setProblem(null)
    setPreview(null)
    try {
      let asked = request
      if (anew) {
        const ask = question('configuration', { runtime: runtime.id })
        const now = await client.fetchQuery({ ...ask, staleTime: 0 })
        const merged = onto(form, view, now)
        setView(now)
        setForm(merged)
        asked = { ...request, basedOn: now.basedOn, draft: draftOf(merged) }
      }
      const ask = question('preview_configuration', asked)
      const answer = await client.fetchQuery({ ...ask, staleTime: 0 })
      const bad = [...answer.problems.map(({ field }) => field ?? ''), ...local.keys()]
      if (bad.length > 0) {
        setHeld(t('cannotGoOn'))
        setFocus(firstField(bad) ?? null)
      } else if (answer.changes.length === 0) setHeld(t('nothingChanged'))
      else setPreview(answer)
    } catch (error) {
      setProblem(problemOf(error))
    } finally {
      setAsking(false)
    }
  }
  return {
    view,
    form,
    dirty,
    request,
    problems,
    confirmable: confirmableOf(told),
    asking,
    held,
    problem,
    preview,
    focus,
    focused: () => setFocus(null),
    type,
    review,
    /** Back to the form, at a field where one is named. */
    back: (to?: string, change?: Partial<ConfigurationForm>) => {
      setPreview(null)
      if (change) type('', change)
      if (to) setFocus(to)
    },
  }
}
