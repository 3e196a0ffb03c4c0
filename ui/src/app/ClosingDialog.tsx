import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { ClosingDecision } from '../backend/types'
import { ProblemBar } from '../components/ProblemBar'
import { useAction, useClosing } from '../state'
import { live } from '../state/live'
import { useOperationLine } from './OperationStrip'

/** Asks what becomes of running operations when the window is closed. */
export function ClosingDialog() {
  const { t } = useTranslation()
  const line = useOperationLine()
  const operations = useClosing()
  const finish = useAction('finish_closing')
  const decide = (decision: ClosingDecision) =>
    finish.mutate(
      { decision },
      {
        onSuccess: () => live.closing.set(null),
      },
    )
  return (
    <Dialog
      open={operations !== null}
      modalType="alert"
      onOpenChange={(_, { open }) => {
        if (!open) decide('stay')
      }}
    >
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{t('closing.heading')}</DialogTitle>
          <DialogContent>
            <p>{t('closing.body')}</p>
            <ul>
              {(operations ?? []).map((operation) => (
                <li key={operation.id}>{line(operation)}</li>
              ))}
            </ul>
            {finish.error ? <ProblemBar problem={finish.error.problem} /> : null}
          </DialogContent>
          <DialogActions fluid>
            <Button appearance="primary" onClick={() => decide('keepRunning')}>
              {t('closing.keepRunning')}
            </Button>
            <Button onClick={() => decide('cancelOperations')}>
              {t('closing.cancelOperations')}
            </Button>
            <Button appearance="subtle" onClick={() => decide('stay')}>
              {t('closing.stay')}
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  )
}
