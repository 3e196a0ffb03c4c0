import { useEffect, useState } from 'react'
import { useNavigate } from 'react-router'
import { paths } from '../../../app/paths'
import type { ComputeView, ForeignContainer, Problem } from '../../../backend/types'
import { useAction, useAsk, useComputes, useRuntime } from '../../../state'
import { type WizardDraft, wizardDraft } from '../draft'
import { focusField } from '../fields'

/** Milliseconds after which the runtime's page is opened even if it was not told of yet. */
const PATIENCE = 1500

export interface Adoption {
  /** The compute that was chosen, as long as it is connected. */
  compute: ComputeView | null
  containers: ForeignContainer[] | undefined
  /** The containers are being looked at. */
  loading: boolean
  /** Why they cannot be listed. */
  problem: Problem | null
  chosen: ForeignContainer | null
  /** *Adopt* was pressed with nothing chosen. */
  asked: boolean
  busy: boolean
  /** Why the container was not adopted. */
  refused: Problem | null
  refresh: () => void
  adopt: () => void
}

/** Opens the page of the runtime that a container has become, once it is there. */
function useOpenAdopted(id: string | null): void {
  const navigate = useNavigate()
  const there = useRuntime(id ?? '') !== undefined
  useEffect(() => {
    if (id === null) return
    const open = () => {
      wizardDraft.forget()
      navigate(paths.runtime(id), { replace: true })
    }
    const timer = setTimeout(open, there ? 0 : PATIENCE)
    return () => clearTimeout(timer)
  }, [id, there, navigate])
}

/** Everything that the wizard does with a container that is there already. */
export function useAdoption({ application, container, form }: WizardDraft): Adoption {
  const compute = useComputes().find(({ id }) => id === form.compute)
  const connected = compute?.state.kind === 'connected'
  const { data, error, isFetching, refetch } = useAsk(
    'foreign_containers',
    { compute: form.compute },
    { enabled: application === 'existing' && connected, staleTime: 0 },
  )
  const action = useAction('adopt_container')
  const [adopted, setAdopted] = useState<string | null>(null)
  const [asked, setAsked] = useState(false)
  useOpenAdopted(adopted)
  const chosen =
    data?.containers.find(({ id, verdict }) => id === container && verdict.kind === 'usable') ??
    null
  return {
    compute: connected ? compute : null,
    containers: data?.containers,
    loading: isFetching,
    problem: error?.problem ?? null,
    chosen,
    asked,
    busy: action.isPending || adopted !== null,
    refused: action.error?.problem ?? null,
    refresh: () => {
      action.reset()
      refetch()
    },
    adopt: () => {
      if (action.isPending || adopted !== null) return
      setAsked(true)
      if (!chosen) {
        focusField('container')
        return
      }
      action.mutate(
        { compute: form.compute, container: chosen.id },
        { onSuccess: ({ runtime }) => setAdopted(runtime) },
      )
    },
  }
}
