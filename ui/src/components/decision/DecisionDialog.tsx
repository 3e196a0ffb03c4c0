import {
  Dialog,
  DialogBody,
  DialogSurface,
  DialogTitle,
  makeStyles,
} from '@fluentui/react-components'
import { type ReactNode, useEffect, useState } from 'react'
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
