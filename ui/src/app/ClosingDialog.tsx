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
import type { Batch, ClosingDecision, FlowRun } from '../backend/types'
import { ProblemBar } from '../components/ProblemBar'
import { formatCount } from '../format'
import { useAction, useClosing } from '../state'
import { live } from '../state/live'
import { useOperationLine } from './OperationStrip'

/** What is under way: its words in the dialog. */
type Of = 'batches' | 'runs' | 'all'

const HEADING = {
  batches: 'closing.headingBatches',
  runs: 'closing.headingRuns',
  all: 'closing.heading',
} as const

const BODY = {
  batches: 'closing.bodyBatches',
  runs: 'closing.bodyRuns',
  all: 'closing.body',
} as const

const CANCEL = {
  batches: 'closing.pauseBatches',
  runs: 'closing.cancelRuns',
  all: 'closing.cancelOperations',
} as const

/** Asks what becomes of running operations, runs and batch runs when the window is closed. */
export function ClosingDialog() {
  const { t } = useTranslation()
  const line = useOperationLine()
  const closing = useClosing()
  const { operations = [], runs = [], batches = [] } = closing ?? {}
  const of: Of =
    operations.length > 0 || (runs.length === 0 && batches.length === 0)
      ? 'all'
      : runs.length > 0
        ? 'runs'
        : 'batches'
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
  const batchLine = ({ name, flowName: flow, rows, completed, failed }: Batch) =>
    rows === null
      ? t('closing.batchOfCounting', { name, flow })
      : t('closing.batchOf', {
          name,
          flow,
          ended: formatCount(completed + failed),
          rows: formatCount(rows),
        })
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
          <DialogTitle>{t(HEADING[of])}</DialogTitle>
          <DialogContent>
            <p>{t(BODY[of])}</p>
            <ul>
              {operations.map((operation) => (
                <li key={operation.id}>{line(operation)}</li>
              ))}
              {runs.map((run) => (
                <li key={run.id}>{runLine(run)}</li>
              ))}
              {batches.map((batch) => (
                <li key={batch.id}>{batchLine(batch)}</li>
              ))}
            </ul>
            {batches.length > 0 && of !== 'batches' ? <p>{t('closing.batchesPause')}</p> : null}
            {finish.error ? <ProblemBar problem={finish.error.problem} /> : null}
          </DialogContent>
          <DialogActions fluid>
            <Button appearance="primary" onClick={() => decide('keepRunning')}>
              {t('closing.keepRunning')}
            </Button>
            <Button onClick={() => decide('cancelOperations')}>{t(CANCEL[of])}</Button>
            <Button appearance="subtle" onClick={() => decide('stay')}>
              {t('closing.stay')}
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  )
}
