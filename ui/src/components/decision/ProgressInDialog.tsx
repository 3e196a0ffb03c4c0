import { Button, DialogActions, DialogContent, Spinner } from '@fluentui/react-components'
import { type ReactNode, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { RemedyHandlers } from '../../problems/remedies'
import { isRunning, useAsk, useLiveOperation } from '../../state'
import { OperationProgress } from '../operation/OperationProgress'
import { ProblemBar } from '../ProblemBar'

/** The operation inside a decision's dialog. */
export function ProgressInDialog({
  id,
  onClose,
  onRetry,
  retryLabel,
  remedies,
  more,
  openEvidence = false,
}: {
  id: string
  onClose: () => void
  /** Starts the same once more; a finding's *Try again* does so, too. */
  onRetry: () => void
  retryLabel: string
  remedies?: RemedyHandlers
  /** Further buttons when it did not succeed. */
  more?: ReactNode
  /** What was seen of a problem begins open. */
  openEvidence?: boolean
}) {
  const { t } = useTranslation('decision')
  const live = useLiveOperation(id)
  const { data, error } = useAsk('list_operations', {}, { enabled: !live })
  const operation = live ?? data?.operations.find((one) => one.id === id)
  const close = useRef<HTMLButtonElement>(null)
  const ended = operation !== undefined && !isRunning(operation)
  // What had the focus is gone: the form at the start, the cancel button at the end.
  useEffect(() => {
    if (ended || !document.activeElement || document.activeElement === document.body) {
      close.current?.focus()
    }
  }, [ended])
  return (
    <>
      <DialogContent>
        {operation ? (
          <OperationProgress
            operation={operation}
            remedies={{ tryAgain: onRetry, ...remedies }}
            onRetry={onRetry}
            openEvidence={openEvidence}
          />
        ) : error ? (
          <ProblemBar problem={error.problem} />
        ) : (
          <Spinner size="tiny" />
        )}
      </DialogContent>
      <DialogActions fluid>
        {ended && operation.state !== 'succeeded' ? (
          <>
            {more}
            <Button onClick={onRetry}>{retryLabel}</Button>
          </>
        ) : null}
        <Button ref={close} appearance={ended ? 'primary' : 'secondary'} onClick={onClose}>
          {ended ? t('close') : t('keepRunning')}
        </Button>
      </DialogActions>
    </>
  )
}
