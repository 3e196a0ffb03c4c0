import { Card as FluentCard, makeStyles, Subtitle2, tokens } from '@fluentui/react-components'
import { type ReactNode, useId } from 'react'

const useStyles = makeStyles({
  heading: { margin: 0 },
  card: { rowGap: tokens.spacingVerticalM, minWidth: 0, boxShadow: 'none' },
})

/** Facts that belong together, under a heading. */
export function Card({ heading, children }: { heading: string; children: ReactNode }) {
  const styles = useStyles()
  const id = useId()
  return (
    <FluentCard
      appearance="outline"
      role="region"
      aria-labelledby={id}
      className={styles.card}
      focusMode="off"
    >
      <Subtitle2 as="h2" id={id} className={styles.heading}>
        {heading}
      </Subtitle2>
      {children}
    </FluentCard>
  )
}
