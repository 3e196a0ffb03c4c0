import { useEffect, useRef, useState } from 'react'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import { problemOf } from '../../backend'
import type { Problem } from '../../backend/types'
import type { EnvironmentChoice } from '../../components/environment/choice'
import type { RemedyHandlers } from '../../problems/remedies'
import { useAction, useAsk, useComputes } from '../../state'
import { useWizardDraft, type WizardDraft, wizardDraft } from './draft'
import { focusField } from './fields'
import {
  draftOf,
  inOrder,
  isAdvanced,
  stepOfField,
  type WizardForm,
  type WizardStep,
  wizardSteps,
} from './form'
import { type DraftChecks, useDraftCheck } from './useDraftCheck'
import { usePreflight } from './usePreflight'

/** Chooses the first usable compute, and takes what it proposes into untouched fields. */
function useProposal({ form }: WizardDraft): { problem: Problem | null; again: () => void } {
  const computes = useComputes()
  const first = computes.find(({ state }) => state.kind === 'connected')?.id ?? ''
  useEffect(() => {
    if (form.compute === '' && first !== '') wizardDraft.chooseCompute(first)
  }, [form.compute, first])
  const { data, error, isFetching, refetch } = useAsk(
    'propose_runtime',
    { compute: form.compute },
    { enabled: form.compute !== '', staleTime: 0 },
  )
  useEffect(() => {
    // A kept answer may propose a name and a port that are taken by now.
    if (data && !isFetching) wizardDraft.propose(form.compute, data)
  }, [data, isFetching, form.compute])
  return {
    problem: error?.problem ?? null,
    again: () => {
      refetch()
    },
  }
}

/** The field that says which image it is. */
const imageField: Record<EnvironmentChoice['kind'], string> = {
  default: 'environment.version',
  image: 'environment.reference',
  named: 'environment.named',
}

/** What the remedies of a finding do in the wizard: each leads to the field that it is about. */
export function useWizardRemedies(
  goTo: (step: WizardStep, field: string) => void,
  tryAgain: () => void,
): RemedyHandlers {
  const navigate = useNavigate()
  return {
    choosePort: ({ free }) => {
      if (free !== null) wizardDraft.type('hostPort', { hostPort: String(free) })
      goTo('settings', 'hostPort')
    },
    chooseName: () => goTo('name', 'name'),
    chooseImage: () => {
      const { kind } = wizardDraft.get().form.environment
      goTo('environment', imageField[kind])
    },
    useMirror: () => goTo('environment', 'environment.repository'),
    raiseMemory: () => goTo('settings', 'memoryLimit'),
    addLogin: ({ registry }) => navigate(paths.connections(registry)),
    tryAgain,
  }
}

export interface Wizard {
  draft: WizardDraft
  checks: DraftChecks
  preflight: ReturnType<typeof usePreflight>
  remedies: RemedyHandlers
  /** Steps that were tried and whose fields have problems. */
  withProblem: ReadonlySet<WizardStep>
  /** A check or the creation that *Next* or *Create* asked for is under way. */
  busy: boolean
  /** How many fields kept *Next* from going on; 0 = none. */
  held: number
  /** A preflight check kept *Create* from creating. */
  notCreated: boolean
  /** Why a proposal, a check or the creation could not be asked for. */
  problem: Problem | null
  /** Does once more what `problem` is about. */
  tryAgain: () => void
  goTo: (step: WizardStep, field?: string) => void
  back: () => void
  next: () => Promise<void>
  /** The person has taken over: a field that is awaited does not take the focus any more. */
  stayHere: () => void
  cancel: () => void
}

/** Everything that the wizard's page does. */
export function useWizard(): Wizard {
  const navigate = useNavigate()
  const draft = useWizardDraft()
  const checks = useDraftCheck(draft)
  const proposal = useProposal(draft)
  const preflight = usePreflight(draft)
  const creation = useAction('create_runtime')
  const [working, setWorking] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [held, setHeld] = useState(0)
  const [notCreated, setNotCreated] = useState(false)
  /** The field to focus once it is on screen. */
  const wanted = useRef<string | null>(null)
  useEffect(() => {
    if (wanted.current !== null && focusField(wanted.current)) wanted.current = null
  })
  const goTo = (step: WizardStep, field?: string) => {
    if (field && isAdvanced(field)) wizardDraft.openAdvanced(true)
    wanted.current = field ?? firstControl(step, wizardDraft.get().form)
    setHeld(0)
    setNotCreated(false)
    setProblem(null)
    wizardDraft.goTo(step)
    // The step may be on screen already; then nothing is rendered anew.
    if (focusField(wanted.current)) wanted.current = null
  }
  /** Says whether the fields of all steps up to this one are good; else goes to the first bad one. */
  const fieldsAreGood = async (upTo: WizardStep): Promise<boolean> => {
    const last = wizardSteps.indexOf(upTo)
    const problems = await checks.checkNow(wizardDraft.get().form)
    const bad = inOrder(problems.keys()).filter(
      (field) => wizardSteps.indexOf(stepOfField(field)) <= last,
    )
    for (const step of wizardSteps.slice(0, last + 1)) wizardDraft.tried(step)
    const [first] = bad
    if (!first) return true
    goTo(stepOfField(first), first)
    setHeld(bad.length)
    return false
  }
  const create = async () => {
    const results = await preflight.settled()
    if (!results?.canCreate) {
      setNotCreated(true)
      wanted.current = 'preflight'
      if (focusField('preflight')) wanted.current = null
      return
    }
    const { form } = wizardDraft.get()
    const { operation } = await creation.mutateAsync({
      compute: form.compute,
      draft: draftOf(form),
    })
    wizardDraft.operation(operation)
    navigate(paths.addRuntime(operation), { replace: true })
  }
  const next = async () => {
    if (working) return
    setWorking(true)
    setProblem(null)
    setNotCreated(false)
    try {
      const { step } = wizardDraft.get()
      if (!(await fieldsAreGood(step))) return
      const following = wizardSteps[wizardSteps.indexOf(step) + 1]
      if (following) goTo(following)
      else await create()
    } catch (error) {
      setProblem(problemOf(error))
    } finally {
      setWorking(false)
    }
  }
  const remedies = useWizardRemedies(goTo, preflight.again)
  const withProblem = new Set(
    [...checks.shown.keys()].map(stepOfField).filter((step) => draft.tried.has(step)),
  )
  return {
    draft,
    checks,
    preflight,
    remedies,
    withProblem,
    busy: working,
    held,
    notCreated,
    problem: problem ?? checks.broken ?? proposal.problem,
    tryAgain: () => {
      setProblem(null)
      if (proposal.problem) proposal.again()
      else if (problem) next()
      else checks.again()
    },
    goTo,
    back: () => {
      const before = wizardSteps[wizardSteps.indexOf(draft.step) - 1]
      if (before) goTo(before)
    },
    next,
    stayHere: () => {
      wanted.current = null
    },
    cancel: () => {
      wizardDraft.forget()
      navigate(paths.runtimes)
    },
  }
}

/** Where the focus goes when a step is come to, so that Enter goes on from there. */
function firstControl(step: WizardStep, form: WizardForm): string {
  switch (step) {
    case 'name':
      return 'name'
    case 'environment':
      return form.environment.kind === 'default' ? 'environment.default' : 'environment.customized'
    case 'settings':
      return 'hostPort'
    case 'review':
      return 'forward'
  }
}
