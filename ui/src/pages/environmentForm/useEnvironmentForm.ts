import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { problemOf } from '../../backend'
import type { EnvironmentId, EnvironmentView, Problem } from '../../backend/types'
import { sentences } from '../../components/settings/settingsForm'
import { useSettled } from '../../components/useSettled'
import { question, useAction, useAsk } from '../../state'
import {
  beginsOpen,
  confirmableOf,
  type Folded,
  firstField,
  foldOf,
  formOf,
  isPortUnreadable,
  startForm,
  type TypedEnvironment,
  typedOf,
} from './form'

/** Milliseconds that typing has to rest before the application is asked. */
const REST = 300

/** What is typed about an environment, checked as one types, and how it is saved. */
export function useEnvironmentForm(
  environment: EnvironmentView | null,
  onSaved: (id: EnvironmentId) => void,
) {
  const { t } = useTranslation(['environmentForm', 'fields'])
  const client = useQueryClient()
  const save = useAction('save_environment')
  const [typed, setTyped] = useState<TypedEnvironment>(() =>
    environment ? typedOf(environment) : startForm,
  )
  const [open, setOpen] = useState(() => beginsOpen(typed))
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set())
  /** Touched fields that were checked since. */
  const [seen, setSeen] = useState<ReadonlySet<string>>(new Set())
  /** *Save* was pressed: every problem is shown. */
  const [tried, setTried] = useState(false)
  const [asking, setAsking] = useState(false)
  const [held, setHeld] = useState(false)
  const [broken, setBroken] = useState<Problem | null>(null)
  /** A problem that saving told of a field, until that is typed anew. */
  const [refused, setRefused] = useState<Problem | null>(null)
  const [focus, setFocus] = useState<string | null>(null)
  const request = useMemo(
    () => ({ environment: environment?.id ?? null, form: formOf(typed) }),
    [environment?.id, typed],
  )
  const settled = useSettled(request, REST)
  const check = useAsk('check_environment', settled, { staleTime: 0, keepPrevious: true })
  const current = settled === request && !check.isPlaceholderData && !check.isPending
  useEffect(() => {
    if (current) setSeen(touched)
  }, [current, touched])
  const told = useMemo(() => check.data?.problems ?? [], [check.data])

  const together = (problems: readonly Problem[], now: TypedEnvironment) => {
    const all = sentences(problems)
    if (isPortUnreadable(now)) all.set('port', t('fields:problem.port'))
    return all
  }
  const problems = together(refused ? [refused, ...told] : told, typed)
  for (const field of problems.keys()) {
    const list = field.split('.')[0] ?? field
    if (!tried && !seen.has(field) && !seen.has(list)) problems.delete(field)
  }

  const type = (field: string, change: Partial<TypedEnvironment>) => {
    setHeld(false)
    setBroken(null)
    setRefused(null)
    save.reset()
    setTyped((now) => ({ ...now, ...change }))
    setTouched((now) => new Set([...now, field]))
  }
  const goTo = (field: string) => {
    const fold = foldOf(field)
    if (fold) setOpen((now) => ({ ...now, [fold]: true }))
    setHeld(true)
    setFocus(field)
  }
  const submit = async () => {
    if (asking || save.isPending) return
    setTried(true)
    setAsking(true)
    setBroken(null)
    try {
      const answer = await client.fetchQuery({
        ...question('check_environment', request),
        staleTime: 0,
      })
      const bad = firstField(together(answer.problems, typed).keys())
      if (bad !== null) {
        goTo(bad)
        return
      }
      const { environment: id } = await save.mutateAsync(request)
      await client.invalidateQueries({ queryKey: ['list_environments'] })
      onSaved(id)
    } catch (error) {
      const problem = problemOf(error)
      if (problem.field) {
        setRefused(problem)
        goTo(problem.field)
      } else {
        setBroken(problem)
      }
    } finally {
      setAsking(false)
    }
  }
  return {
    typed,
    problems,
    confirmable: confirmableOf(told),
    check,
    /** Problems of no field: those of the definition as a whole. */
    general: told.filter(({ field }) => field === null),
    open,
    onOpen: (fold: Folded, isOpen: boolean) => setOpen((now) => ({ ...now, [fold]: isOpen })),
    type,
    submit,
    busy: asking || save.isPending,
    held,
    broken,
    focus,
    onFocused: () => setFocus(null),
  }
}

export type EnvironmentFormState = ReturnType<typeof useEnvironmentForm>
