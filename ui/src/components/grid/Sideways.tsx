import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import { useSideways } from './useSideways'

const useStyles = makeStyles({
  scroller: { overflowX: 'auto', minWidth: 0 },
  framed: {
    borderRadius: tokens.borderRadiusMedium,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
  },
})

/** A table that may be wider than its place: it scrolls sideways then, and shows that it does. */
export function Sideways({
  label,
  framed = false,
  className,
  children,
}: {
  /** Of a table in which nothing takes the focus: the keyboard has to reach what scrolls. */
  label?: string
  /** With a line around it. */
  framed?: boolean
  className?: string
  children: ReactNode
}) {
  const styles = useStyles()
  const { scroller, fades } = useSideways<HTMLElement>()
  return (
    <section
      ref={scroller}
      className={mergeClasses(styles.scroller, framed && styles.framed, fades, className)}
      {...(label === undefined ? {} : { 'aria-label': label, tabIndex: 0 })}
    >
      {children}
    </section>
  )
}
