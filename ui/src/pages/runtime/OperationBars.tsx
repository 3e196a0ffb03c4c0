import {
  Button,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  ProgressBar,
} from '@fluentui/react-components'
import { DismissRegular } from '@fluentui/react-icons'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useOperationLine } from '../../app/OperationStrip'
import type { Operation, OperationKind, Runtime } from '../../backend/types'
import { useNotify } from '../../components/notify'
import { ProblemBar } from '../../components/ProblemBar'
import type { RemedyHandlers } from '../../problems/remedies'
import { isRunning, useAction, useAttend, useLiveOperations } from '../../state'

const WITH_DIALOG: ReadonlySet<Operation['kind']> = new Set([
  'update',
  'rollBack',
  'reconfigure',
  'manage',
  'install',
  'addPackages',
])

/** Their success is told by the status beside the heading. */
const SHORT: ReadonlySet<Operation['kind']> = new Set(['start', 'stop', 'restart', 'delete'])

function SucceededBar({ operation, onDismiss }: { operation: Operation; onDismiss: () => void }) {
  const { t } = useTranslation()
  return (
    <MessageBar intent="success">
      <MessageBarBody>
        {operation.outcome ?? t(`operationSucceeded.${operation.kind}`, { name: operation.name })}
      </MessageBarBody>
      <MessageBarActions
        containerAction={
          <Button
            aria-label={t('dismiss')}
            appearance="transparent"
            icon={<DismissRegular />}
            onClick={onDismiss}
          />
        }
      />
    </MessageBar>
  )
}

function RunningBar({ operation, onView }: { operation: Operation; onView: () => void }) {
  const { t } = useTranslation('runtime')
  const notify = useNotify()
  const line = useOperationLine()
  const cancel = useAction('cancel_operation')
  const pulling = operation.steps.some(({ kind, state }) => kind === 'pull' && state === 'running')
  return (
    <MessageBar intent="info">
      <MessageBarBody>
        {line(operation)}
        {pulling && operation.pull ? (
          <ProgressBar value={operation.pull.percent / 100} aria-label={line(operation)} />
        ) : null}
      </MessageBarBody>
      <MessageBarActions>
        {WITH_DIALOG.has(operation.kind) ? (
          <Button onClick={onView}>{t('operation.view')}</Button>
        ) : null}
        {operation.cancel !== 'no' ? (
          <Button
            disabledFocusable={cancel.isPending || operation.state !== 'running'}
            onClick={() =>
              cancel.mutate(
                { operation: operation.id },
                { onError: (error) => notify.problem(error.problem) },
              )
            }
          >
            {t(operation.cancel === 'goBack' ? 'operation.goBack' : 'operation.cancel')}
          </Button>
        ) : null}
      </MessageBarActions>
    </MessageBar>
  )
}

/** The operation under way on this runtime, or why the last one went wrong. */
export function OperationBars({
  runtime,
  told,
  remedies,
  onView,
}: {
  runtime: Runtime
  /** Operations whose success other bars tell. */
  told: ReadonlyArray<string | null>
  remedies: RemedyHandlers
  onView: (kind: OperationKind) => void
}) {
  const [dismissed, setDismissed] = useState<string | null>(null)
  const newest = useLiveOperations()
    .filter((operation) => operation.runtime === runtime.id)
    .reduce<Operation | null>(
      (latest, operation) =>
        latest === null || operation.started >= latest.started ? operation : latest,
      null,
    )
  useAttend(newest?.id)
  if (newest === null) return null
  if (isRunning(newest)) return <RunningBar operation={newest} onView={() => onView(newest.kind)} />
  if (dismissed === newest.id) return null
  const dismiss = () => setDismissed(newest.id)
  if (newest.state === 'failed' && newest.problem !== null) {
    // The runtime's own bar says the same above.
    const cause = newest.problem.finding?.cause
    if (SHORT.has(newest.kind) && cause !== undefined && runtime.finding?.cause === cause) {
      return null
    }
    return (
      <ProblemBar
        problem={newest.problem}
        outcome={newest.outcome}
        remedies={remedies}
        onDismiss={dismiss}
      />
    )
  }
  if (newest.state === 'succeeded' && !SHORT.has(newest.kind) && !told.includes(newest.id)) {
    return <SucceededBar operation={newest} onDismiss={dismiss} />
  }
  return null
}
