import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call, problemOf } from '../../backend'
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
  INDEX_SECRET,
  isLoginIncomplete,
  isPortUnreadable,
  type SecretKey,
  type SecretValues,
  startForm,
  type TypedEnvironment,
  type TypedSecret,
  typedOf,
  typedSecrets,
} from './form'

/** Values that are in no keyring although the environment is saved. */
export interface Unkept {
  /** Ids of the secrets. */
  secrets: string[]
  /** Where the first of them was typed. */
  field: string
  problem: Problem
}

const NO_VALUES: SecretValues = new Map()

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
  /** What is saved; at first what the form began with. */
  const [saved, setSaved] = useState(typed)
  const [id, setId] = useState(environment?.id ?? null)
  /** In no request but the one that keeps them, and in no cache: `useAction` would remember them. */
  const [values, setValues] = useState(NO_VALUES)
  /** Ids whose values this form put into the keyring. */
  const [kept, setKept] = useState<readonly string[]>([])
  const [unkept, setUnkept] = useState<Unkept | null>(null)
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
  const request = useMemo(() => ({ environment: id, form: formOf(typed) }), [id, typed])
  const settled = useSettled(request, REST)
  const check = useAsk('check_environment', settled, { staleTime: 0, keepPrevious: true })
  const current = settled === request && !check.isPlaceholderData && !check.isPending
  useEffect(() => {
    if (current) setSeen(touched)
  }, [current, touched])
  const told = useMemo(() => check.data?.problems ?? [], [check.data])

  const together = (problems: readonly Problem[]) => {
    const all = sentences(problems)
    if (isPortUnreadable(typed)) all.set('port', t('fields:problem.port'))
    if (isLoginIncomplete(typed, values)) all.set('index.username', t('usernameMissing'))
    return all
  }
  const problems = together(refused ? [refused, ...told] : told)
  for (const field of problems.keys()) {
    const list = field.split('.')[0] ?? field
    if (!tried && !seen.has(field) && !seen.has(list)) problems.delete(field)
  }
  if (unkept && unkept.problem.field === 'value') {
    problems.set(unkept.field, unkept.problem.sentence)
  }

  const begin = () => {
    setHeld(false)
    setBroken(null)
    setRefused(null)
    setUnkept(null)
  }
  const type = (field: string, change: Partial<TypedEnvironment>) => {
    begin()
    save.reset()
    setTyped((now) => ({ ...now, ...change }))
    setTouched((now) => new Set([...now, field]))
  }
  const setValue = (key: SecretKey, value: string) =>
    setValues((now) => {
      const after = new Map(now)
      if (value === '') after.delete(key)
      else after.set(key, value)
      return after
    })
  /** Opens the part with this field and gives it the focus. */
  const show = (field: string) => {
    const fold = foldOf(field)
    if (fold) setOpen((now) => ({ ...now, [fold]: true }))
    setFocus(field)
  }
  const goTo = (field: string) => {
    setHeld(true)
    show(field)
  }
  /** Puts what was typed into the keyring, one after the other; ends at the first that is refused. */
  const keep = async (environment: EnvironmentId, secrets: readonly TypedSecret[]) => {
    for (const [at, { key, secret, value, field }] of secrets.entries()) {
      try {
        await call('keep_build_secret', { environment, secret, value })
      } catch (error) {
        const problem = problemOf(error)
        setUnkept({ secrets: secrets.slice(at).map((one) => one.secret), field, problem })
        if (problem.field === 'value') show(field)
        return false
      }
      setValue(key, '')
      setKept((now) => [...now, secret])
    }
    return true
  }
  const submit = async () => {
    if (asking || save.isPending) return
    setTried(true)
    setAsking(true)
    begin()
    try {
      const answer = await client.fetchQuery({
        ...question('check_environment', request),
        staleTime: 0,
      })
      const bad = firstField(together(answer.problems).keys())
      if (bad !== null) {
        goTo(bad)
        return
      }
      const answered = await save.mutateAsync(request)
      setId(answered.environment)
      setSaved(typed)
      // The application forgets values that nothing names any more.
      const named =
        typed.kind === 'packages' ? [INDEX_SECRET] : typed.secrets.map((one) => one.id.trim())
      setKept((now) => now.filter((secret) => named.includes(secret)))
      const all = await keep(answered.environment, typedSecrets(typed, values))
      await client.invalidateQueries({ queryKey: ['list_environments'] })
      if (all) onSaved(answered.environment)
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
    /** `null` = it was never saved. */
    id,
    typed,
    valueOf: (key: SecretKey) => values.get(key) ?? '',
    typeValue: (key: SecretKey, field: string, value: string) => {
      begin()
      setValue(key, value)
      setTouched((now) => new Set([...now, field]))
    },
    /** Whether the keyring has a value; `null` = the secret is new, so nothing can be there. */
    isKept: (secret: string): boolean | null => {
      if (kept.includes(secret)) return true
      if (environment?.source.kind !== typed.kind) return null
      return environment.secrets.find((one) => one.id === secret)?.kept ?? null
    },
    unkept,
    unsaved: values.size > 0 || JSON.stringify(typed) !== JSON.stringify(saved),
    problems,
    confirmable: confirmableOf(told),
    check,
    /** Problems of no field: those of the definition as a whole. */
    general: told.filter(({ field }) => field === null),
    open,
    onOpen: (fold: Folded, isOpen: boolean) => setOpen((now) => ({ ...now, [fold]: isOpen })),
    type,
    show,
    submit,
    busy: asking || save.isPending,
    held,
    broken,
    focus,
    onFocused: () => setFocus(null),
  }
}

export type EnvironmentFormState = ReturnType<typeof useEnvironmentForm>
