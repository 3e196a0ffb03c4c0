import { Button } from '@fluentui/react-components'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Runtime, UpdateRuntime } from '../../backend/types'
import type { EnvironmentChoice } from '../../components/environment/choice'
import { isRunning, useAction, useLiveOperation, useLiveVersionCheck } from '../../state'
import { initialChoice } from './initialChoice'
import { DecisionDialog, ProgressInDialog } from './OperationDialog'
import { UpdateForm } from './UpdateForm'

export interface UpdateDialogProps {
  runtime: Runtime
  open: boolean
  onClose: () => void
  /** The version that the person was told of; without it the newest good one is chosen. */
  initialVersion?: string
}

/** The operation under way on a runtime, when it is one that this dialog shows. */
export function useShownOperation(runtime: Runtime): [string | null, (id: string | null) => void] {
  const [shown, setShown] = useState<string | null>(null)
  const current = useLiveOperation(runtime.operation ?? '')
  const fits =
    current !== undefined &&
    isRunning(current) &&
    (current.kind === 'update' || current.kind === 'rollBack')
  const id = fits ? current.id : null
  useEffect(() => {
    if (id !== null) setShown(id)
  }, [id])
  return [shown ?? id, setShown]
}

function Content({ runtime, onClose, initialVersion }: Omit<UpdateDialogProps, 'open'>) {
  const { t } = useTranslation('update')
  const check = useLiveVersionCheck(runtime.id)
  const [choice, setChoice] = useState<EnvironmentChoice>(() =>
    initialChoice(runtime, check, initialVersion),
  )
  const [request, setRequest] = useState<UpdateRuntime | null>(null)
  const [shown, setShown] = useShownOperation(runtime)
  const update = useAction('update_runtime')
  const start = (wanted: UpdateRuntime) => {
    setRequest(wanted)
    update.mutate(wanted, { onSuccess: ({ operation }) => setShown(operation) })
  }
  const backToForm = () => {
    update.reset()
    setShown(null)
  }
  if (shown !== null) {
    const again = () => (request ? start(request) : backToForm())
    return (
      <ProgressInDialog
        key={shown}
        id={shown}
        onClose={onClose}
        onRetry={again}
        retryLabel={t('again')}
        remedies={{
          chooseImage: backToForm,
          useMirror: backToForm,
          tryAgain: again,
        }}
        more={<Button onClick={backToForm}>{t('otherVersion')}</Button>}
      />
    )
  }
  return (
    <UpdateForm
      runtime={runtime}
      choice={choice}
      onChoice={setChoice}
      problem={update.error?.problem ?? null}
      starting={update.isPending}
      onUpdate={start}
      onClose={onClose}
    />
  )
}

/** Decides on an update, then shows it. It goes on when the dialog is closed. */
export default function UpdateDialog({ open, onClose, ...rest }: UpdateDialogProps) {
  const { t } = useTranslation('update')
  return (
    <DecisionDialog title={t('heading')} open={open} onClose={onClose}>
      <Content {...rest} onClose={onClose} />
    </DecisionDialog>
  )
}
