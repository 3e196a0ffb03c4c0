import { Button, makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import { ChevronDown16Regular, ChevronRight16Regular } from '@fluentui/react-icons'
import { type ReactNode, useId, useState } from 'react'

const useStyles = makeStyles({
  button: { paddingInline: 0, minWidth: 'auto' },
  body: { marginTop: tokens.spacingVerticalXS },
  short: { maxHeight: '240px', overflow: 'auto' },
})

/** Something that most people do not need, folded under a button. */
export function Fold({
  label,
  children,
  open = false,
  whole = false,
  onOpen,
}: {
  label: string
  children: ReactNode
  /** It begins open; with `onOpen` it is open as long as this says so. */
  open?: boolean
  /** As high as its content, which does not scroll by itself. */
  whole?: boolean
  /** Was pressed: whoever gives this decides whether it is open. */
  onOpen?: (open: boolean) => void
}) {
  const styles = useStyles()
  const [own, setOwn] = useState(open)
  const isOpen = onOpen ? open : own
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
        onClick={() => (onOpen ?? setOwn)(!isOpen)}
      >
        {label}
      </Button>
      <div id={id} hidden={!isOpen} className={mergeClasses(styles.body, !whole && styles.short)}>
        {isOpen ? children : null}
      </div>
    </div>
  )
}
