import { useSyncExternalStore } from 'react'
import type { Proposal } from '../../backend/types'
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
  operation(operation: string | null): void {
    update(() => ({ operation }))
  },
  forget(): void {
    store.set(fresh)
  },
}

export const useWizardDraft = (): WizardDraft => useSyncExternalStore(store.subscribe, store.get)
