import { Button } from '@fluentui/react-components'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { OperationKind, Runtime, UpdateRuntime } from '../../backend/types'
import { DecisionDialog } from '../../components/decision/DecisionDialog'
import { ProgressInDialog } from '../../components/decision/ProgressInDialog'
import { useShownOperation } from '../../components/decision/useShownOperation'
import type { EnvironmentChoice } from '../../components/environment/choice'
import { useAction, useLiveVersionCheck } from '../../state'
import { initialChoice } from './initialChoice'
import { UpdateForm } from './UpdateForm'

export interface UpdateDialogProps {
  runtime: Runtime
  open: boolean
  onClose: () => void
  /** The version that the person was told of; without it the newest good one is chosen. */
  initialVersion?: string
}

/** Operations that these dialogs show when they are under way. */
export const SHOWN: readonly OperationKind[] = ['update', 'rollBack']

function Content({ runtime, onClose, initialVersion }: Omit<UpdateDialogProps, 'open'>) {
  const { t } = useTranslation('update')
  const check = useLiveVersionCheck(runtime.id)
  const [choice, setChoice] = useState<EnvironmentChoice>(() =>
    initialChoice(runtime, check, initialVersion),
  )
  const [request, setRequest] = useState<UpdateRuntime | null>(null)
  const [shown, setShown] = useShownOperation(runtime, SHOWN)
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
          // What was asked for is what is agreed to; come to from elsewhere it has to be chosen anew.
          updateAnyway: () => (request ? start({ ...request, confirmed: true }) : backToForm()),
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
