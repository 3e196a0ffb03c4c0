import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  makeStyles,
  tokens,
} from '@fluentui/react-components'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Problem } from '../../backend/types'
import { ProblemBar } from '../ProblemBar'

const useStyles = makeStyles({
  content: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalM,
    '& > p': { margin: 0 },
  },
})

/** A decision: the consequence, the verb, and a way out. */
export function ConfirmDialog({
  title,
  children,
  confirm,
  cancel,
  pending,
  problem,
  alert = false,
  onConfirm,
  onClose,
}: {
  title: string
  children: ReactNode
  confirm: string
  /** The way out; *Cancel* unless it says more. */
  cancel?: string
  pending: boolean
  problem: Problem | null
  /** What goes does not come back: a click beside the dialog does not close it. */
  alert?: boolean
  onConfirm: () => void
  onClose: () => void
}) {
  const styles = useStyles()
  const { t } = useTranslation()
  return (
    <Dialog
      open
      modalType={alert ? 'alert' : 'modal'}
      onOpenChange={(_, { open }) => (open ? undefined : onClose())}
    >
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{title}</DialogTitle>
          <DialogContent className={styles.content}>
            {children}
            {problem ? <ProblemBar problem={problem} /> : null}
          </DialogContent>
          <DialogActions fluid>
            <Button appearance="primary" disabledFocusable={pending} onClick={onConfirm}>
              {confirm}
            </Button>
            <Button onClick={onClose}>{cancel ?? t('cancel')}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  )
}
