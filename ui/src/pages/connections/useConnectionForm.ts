import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { problemOf } from '../../backend'
import type { ConnectionTypeView, Problem } from '../../backend/types'
import { sentences } from '../../components/settings/settingsForm'
import { useSettled } from '../../components/useSettled'
import { question, useAction, useAsk } from '../../state'
import {
  type ConnectionRequest,
  draftOf,
  firstField,
  type TypedConnection,
  typedOf,
  typedSecrets,
} from './connectionForm'
import { useConnectionTrial } from './useConnectionTrial'

/** Milliseconds that typing has to rest before the application is asked. */
const REST = 250

/** What is typed about a connection, checked as one types, and how it is tested and saved. */
export function useConnectionForm(
  request: ConnectionRequest,
  types: readonly ConnectionTypeView[],
  onSaved: () => void,
) {
  const client = useQueryClient()
  const save = useAction('save_connection')
  const { trial, run, forget } = useConnectionTrial()
  const [typed, setTyped] = useState<TypedConnection>(() => typedOf(request))
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set())
  /** Touched fields that were checked since. */
  const [seen, setSeen] = useState<ReadonlySet<string>>(new Set())
  /** *Save* or *Test* was pressed: every problem is shown. */
  const [tried, setTried] = useState(false)
  const [asking, setAsking] = useState(false)
  const [held, setHeld] = useState(false)
  const [broken, setBroken] = useState<Problem | null>(null)
  /** A problem that saving or testing told of a field, until that is typed anew. */
  const [refused, setRefused] = useState<Problem | null>(null)
  const [focus, setFocus] = useState<string | null>(null)
  const type = types.find((one) => one.type === typed.type) ?? types[0]
  if (!type) throw new Error('there is no type of connection')
  const original = request.original?.connection.name ?? null
  // Secrets stay in the form until they leave for good: what is asked as one types has none.
  const asked = useMemo(
    () => ({ original, draft: draftOf(typed, type, request) }),
    [original, typed, type, request],
  )
  const settled = useSettled(asked, REST)
  const check = useAsk('check_connection', settled, { staleTime: 0, keepPrevious: true })
  const current = settled === asked && !check.isPlaceholderData && !check.isPending
  useEffect(() => {
    if (current) setSeen(touched)
  }, [current, touched])
  const told = useMemo(() => check.data?.problems ?? [], [check.data])
  const problems = sentences(refused ? [refused, ...told] : told)
  for (const field of problems.keys()) {
    if (!tried && !seen.has(field)) problems.delete(field)
  }

  const change = (field: string, part: Partial<TypedConnection>) => {
    setHeld(false)
    setBroken(null)
    setRefused(null)
    save.reset()
    forget()
    // What is new in the form is no mistake yet.
    if (field === 'type' || field === 'added') setTried(false)
    setTyped((now) => ({ ...now, ...part }))
    setTouched((now) => new Set([...now, field]))
  }
  const goTo = (problem: Problem) => {
    setRefused(problem)
    setHeld(true)
    setFocus(problem.field)
  }
  /** Everything of it, once nothing is wrong with it as far as can be said without its secrets. */
  const whole = async () => {
    setTried(true)
    setBroken(null)
    const answer = await client.fetchQuery({
      ...question('check_connection', asked),
      staleTime: 0,
    })
    const all = sentences(answer.problems)
    const bad = firstField(all.keys(), type)
    if (bad !== null) {
      setHeld(true)
      setFocus(bad)
      return null
    }
    return { ...asked, secrets: typedSecrets(typed, type), file: request.found?.file ?? null }
  }
  const act = async (work: () => Promise<void>) => {
    if (asking) return
    setAsking(true)
    try {
      await work()
    } catch (error) {
      const problem = problemOf(error)
      if (problem.field) goTo(problem)
      else setBroken(problem)
    } finally {
      setAsking(false)
    }
  }
  return {
    typed,
    type,
    problems,
    checkProblem: check.error?.problem ?? null,
    change,
    test: () =>
      act(async () => {
        const all = await whole()
        if (!all) return
        const problem = await run(all)
        if (problem?.field) goTo(problem)
      }),
    submit: () =>
      act(async () => {
        const all = await whole()
        if (!all) return
        await save.mutateAsync(all)
        await client.invalidateQueries({ queryKey: ['list_connections'] })
        onSaved()
      }),
    trial,
    busy: asking,
    held,
    broken,
    focus,
    onFocused: () => setFocus(null),
  }
}

export type ConnectionFormState = ReturnType<typeof useConnectionForm>
