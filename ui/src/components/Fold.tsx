import { Button, makeStyles, tokens } from '@fluentui/react-components'
import { ChevronDown16Regular, ChevronRight16Regular } from '@fluentui/react-icons'
import { type ReactNode, useId, useState } from 'react'

const useStyles = makeStyles({
  button: { paddingInline: 0, minWidth: 'auto' },
  body: {
    marginTop: tokens.spacingVerticalXS,
    maxHeight: '240px',
    overflow: 'auto',
  },
})

/** Something that most people do not need to read, folded under a button. */
export function Fold({
  label,
  children,
  open = false,
}: {
  label: string
  children: ReactNode
  open?: boolean
}) {
  const styles = useStyles()
  const [isOpen, setOpen] = useState(open)
  const id = useId()
  return (
    <div>
      <Button
        size="small"
        className={styles.button}
        appearance="transparent"
        icon={isOpen ? <ChevronDown16Regular /> : <ChevronRight16Regular />}
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        {label}
      </Button>
      <div id={id} hidden={!isOpen} className={styles.body}>
        {isOpen ? children : null}
      </div>
    </div>
  )
}
