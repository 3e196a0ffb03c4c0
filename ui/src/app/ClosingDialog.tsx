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
import type { ClosingDecision, FlowRun } from '../backend/types'
import { ProblemBar } from '../components/ProblemBar'
import { useAction, useClosing } from '../state'
import { live } from '../state/live'
import { useOperationLine } from './OperationStrip'

/** Asks what becomes of running operations and runs when the window is closed. */
export function ClosingDialog() {
  const { t } = useTranslation()
  const line = useOperationLine()
  const closing = useClosing()
  const { operations = [], runs = [] } = closing ?? {}
  const onlyRuns = operations.length === 0 && runs.length > 0
  const finish = useAction('finish_closing')
  const decide = (decision: ClosingDecision) =>
    finish.mutate(
      { decision },
      {
        onSuccess: () => live.closing.set(null),
      },
    )
  const runLine = ({ flowName: name, runtimeName: runtime, node }: FlowRun) =>
    node === null
      ? t('closing.runOf', { name, runtime })
      : t('closing.runOfNode', { name, runtime, node })
  return (
    <Dialog
      open={closing !== null}
      modalType="alert"
      onOpenChange={(_, { open }) => {
        if (!open) decide('stay')
      }}
    >
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{t(onlyRuns ? 'closing.headingRuns' : 'closing.heading')}</DialogTitle>
          <DialogContent>
            <p>{t(onlyRuns ? 'closing.bodyRuns' : 'closing.body')}</p>
            <ul>
              {operations.map((operation) => (
                <li key={operation.id}>{line(operation)}</li>
              ))}
              {runs.map((run) => (
                <li key={run.id}>{runLine(run)}</li>
              ))}
            </ul>
            {finish.error ? <ProblemBar problem={finish.error.problem} /> : null}
          </DialogContent>
          <DialogActions fluid>
            <Button appearance="primary" onClick={() => decide('keepRunning')}>
              {t('closing.keepRunning')}
            </Button>
            <Button onClick={() => decide('cancelOperations')}>
              {t(onlyRuns ? 'closing.cancelRuns' : 'closing.cancelOperations')}
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
