import { Button, DialogActions, DialogContent, Text } from '@fluentui/react-components'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Runtime } from '../../../backend/types'
import { DecisionDialog } from '../../../components/decision/DecisionDialog'
import { ProgressInDialog } from '../../../components/decision/ProgressInDialog'
import { useShownOperation } from '../../../components/decision/useShownOperation'
import { useAction, useLiveOperation } from '../../../state'
import { type ManageDecision, ManageForm } from './ManageForm'

const KINDS = ['manage'] as const

function Content({ runtime, onClose }: { runtime: Runtime; onClose: () => void }) {
  const { t } = useTranslation(['adopt', 'decision'])
  const [shown, setShown] = useShownOperation(runtime, KINDS)
  const operation = useLiveOperation(shown ?? '')
  const manage = useAction('manage_runtime')
  const [wish, setWish] = useState<ManageDecision>({ confirmed: false, cancelRuns: false })
  const start = (wanted: ManageDecision) => {
    setWish(wanted)
    manage.mutate(
      { runtime: runtime.id, ...wanted },
      { onSuccess: ({ operation: id }) => setShown(id) },
    )
  }
  // Nothing was begun where it waits for a confirmation: the form asks for it.
  const doubt =
    operation?.state === 'failed' && operation.problem?.code === 'cannotBeKept' && !wish.confirmed
      ? operation.problem
      : null
  if (shown !== null && doubt === null) {
    return (
      <ProgressInDialog
        key={shown}
        id={shown}
        onClose={onClose}
        onRetry={() => start(wish)}
        retryLabel={t('manage.again')}
      />
    )
  }
  if (runtime.adopted === null) {
    return (
      <>
        <DialogContent>
          <Text>{t('manage.already', { name: runtime.name })}</Text>
        </DialogContent>
        <DialogActions fluid>
          <Button appearance="primary" onClick={onClose}>
            {t('decision:close')}
          </Button>
        </DialogActions>
      </>
    )
  }
  return (
    <ManageForm
      runtime={runtime}
      doubt={doubt}
      problem={manage.error?.problem ?? null}
      starting={manage.isPending}
      onManage={start}
      onClose={onClose}
    />
  )
}

/** Makes an adopted runtime fully ours: what that means, then its progress. */
export function ManageDialog({ runtime, onClose }: { runtime: Runtime; onClose: () => void }) {
  const { t } = useTranslation('adopt')
  return (
    <DecisionDialog title={t('manage.heading')} open onClose={onClose}>
      <Content runtime={runtime} onClose={onClose} />
    </DecisionDialog>
  )
}
