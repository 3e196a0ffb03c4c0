import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  makeStyles,
  Spinner,
} from '@fluentui/react-components'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { OperationProgress } from '../../components/operation/OperationProgress'
import { ProblemBar } from '../../components/ProblemBar'
import type { RemedyHandlers } from '../../problems/remedies'
import { isRunning, useAsk, useLiveOperation } from '../../state'
import { sizes } from '../../theme'

const useStyles = makeStyles({
  surface: { maxWidth: `calc(${sizes.formWidth} + 80px)` },
})

/** A dialog for a decision that becomes the progress of what was decided; it may be closed at any time. */
export function DecisionDialog({
  title,
  open,
  onClose,
  children,
}: {
  title: string
  open: boolean
  onClose: () => void
  children: ReactNode
}) {
  const styles = useStyles()
  const [ready, setReady] = useState(false)
  // A page that is come to with its dialog open focuses its heading first; the dialog comes after it.
  useEffect(() => {
    const frame = requestAnimationFrame(() => setReady(true))
    return () => cancelAnimationFrame(frame)
  }, [])
  return (
    <Dialog
      open={open && ready}
      onOpenChange={(_, data) => {
        if (!data.open) onClose()
      }}
    >
      <DialogSurface className={styles.surface}>
        <DialogBody>
          <DialogTitle>{title}</DialogTitle>
          {open ? children : null}
        </DialogBody>
      </DialogSurface>
    </Dialog>
  )
}

/** The operation inside a decision's dialog. */
export function ProgressInDialog({
  id,
  onClose,
  onRetry,
  retryLabel,
  remedies,
  more,
}: {
  id: string
  onClose: () => void
  /** Starts the same once more. */
  onRetry: () => void
  retryLabel: string
  remedies?: RemedyHandlers
  /** Further buttons when it did not succeed. */
  more?: ReactNode
}) {
  const { t } = useTranslation('update')
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
            {...(remedies ? { remedies } : {})}
            onRetry={onRetry}
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
