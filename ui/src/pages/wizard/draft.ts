import { useSyncExternalStore } from 'react'
import type { Proposal } from '../../backend/types'
import type { EnvironmentChoice } from '../../components/environment/choice'
import { ValueStore } from '../../state/keyedStore'
import { emptyForm, type WizardForm, type WizardStep, withProposal } from './form'

/** Everything of an unfinished wizard. It outlives the page until the runtime is there or *Cancel*. */
export interface WizardDraft {
  form: WizardForm
  step: WizardStep
  /** Steps that were come to; they can be gone back to. */
  reached: ReadonlySet<WizardStep>
  /** Fields that were typed in; only their problems are shown while one types. */
  touched: ReadonlySet<string>
  /** Steps where *Next* was pressed; all problems are shown there. */
  tried: ReadonlySet<WizardStep>
  /** What the chosen compute proposed. */
  proposal: (Proposal & { compute: string }) | null
  advancedOpen: boolean
  /** The create operation of this draft. */
  operation: string | null
  /** Whether a container is made, or one that is there becomes a runtime as it is. */
  application: 'new' | 'existing'
  /** Id of the container to adopt; empty = none is chosen. */
  container: string
}

const fresh: WizardDraft = {
  form: emptyForm,
  step: 'name',
  reached: new Set(['name']),
  touched: new Set(),
  tried: new Set(),
  proposal: null,
  advancedOpen: false,
  operation: null,
  application: 'new',
  container: '',
}

const store = new ValueStore<WizardDraft>(fresh)

function update(change: (draft: WizardDraft) => Partial<WizardDraft>): void {
  const draft = store.get()
  store.set({ ...draft, ...change(draft) })
}

/** What can be done to the draft. */
export const wizardDraft = {
  get: store.get,
  /** Takes what was typed; `field` counts as touched from now on. */
  type(field: string, change: Partial<WizardForm>): void {
    update(({ form, touched }) => ({
      form: { ...form, ...change },
      touched: touched.has(field) ? touched : new Set([...touched, field]),
    }))
  },
  /** Chooses a compute that the person did not choose: the first that can be used. */
  chooseCompute(compute: string): void {
    update(({ form }) => ({ form: { ...form, compute } }))
  },
  /** Begins at the first step with an environment that was chosen elsewhere; the rest is kept. */
  begin(environment: EnvironmentChoice, compute: string | null): void {
    // What was created of the draft before is no part of this one.
    if (store.get().operation !== null) store.set(fresh)
    update(({ form, touched }) => ({
      form: { ...form, environment, ...(compute === null ? {} : { compute }) },
      touched: new Set([...touched, 'environment.named']),
      step: 'name',
      application: 'new',
    }))
  },
  propose(compute: string, proposal: Proposal): void {
    update(({ form, touched }) => ({
      proposal: { ...proposal, compute },
      form: form.compute === compute ? withProposal(form, proposal, touched) : form,
    }))
  },
  goTo(step: WizardStep): void {
    update(({ reached }) => ({ step, reached: new Set([...reached, step]) }))
  },
  tried(step: WizardStep): void {
    update(({ tried }) => ({ tried: new Set([...tried, step]) }))
  },
  openAdvanced(advancedOpen: boolean): void {
    update(() => ({ advancedOpen }))
  },
  chooseApplication(application: WizardDraft['application']): void {
    update(() => ({ application }))
  },
  chooseContainer(container: string): void {
    update(() => ({ container }))
  },
  operation(operation: string | null): void {
    update(() => ({ operation }))
  },
  forget(): void {
    store.set(fresh)
  },
}

export const useWizardDraft = (): WizardDraft => useSyncExternalStore(store.subscribe, store.get)
