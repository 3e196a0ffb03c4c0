import { makeStyles, Tooltip, tokens } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { cutMiddle } from '../format'
import { CopyButton } from './CopyButton'

const useStyles = makeStyles({
  list: {
    display: 'grid',
    gridTemplateColumns: 'minmax(96px, max-content) minmax(0, 1fr)',
    columnGap: tokens.spacingHorizontalL,
    rowGap: tokens.spacingVerticalXS,
    margin: 0,
    alignItems: 'baseline',
  },
  label: { color: tokens.colorNeutralForeground3 },
  value: { margin: 0, overflowWrap: 'anywhere', userSelect: 'text' },
  cut: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap', minWidth: 0 },
  long: { display: 'inline-flex', alignItems: 'center', maxWidth: '100%' },
})

/** A long value: cut in the middle, whole on hover, with copy. */
export function LongValue({
  text,
  name,
  length = 32,
  shown,
}: {
  text: string
  name: string
  length?: number
  /** What stands on screen, when it is not the cut text itself. */
  shown?: string
}) {
  const styles = useStyles()
  const visible = shown ?? cutMiddle(text, length)
  return (
    <span className={styles.long}>
      {visible === text ? (
        <span>{text}</span>
      ) : (
        <Tooltip content={text} relationship="description">
          <span className={styles.cut}>{visible}</span>
        </Tooltip>
      )}
      <CopyButton text={text} name={name} />
    </span>
  )
}

export interface Fact {
  label: string
  /** `null` and `undefined` are shown as a dash. */
  value: ReactNode
}

/** Labels and values. */
export function Facts({ facts }: { facts: Fact[] }) {
  const styles = useStyles()
  const { t } = useTranslation()
  return (
    <dl className={styles.list}>
      {facts.map(({ label, value }) => [
        <dt key={`${label} label`} className={styles.label}>
          {label}
        </dt>,
        <dd key={`${label} value`} className={styles.value}>
          {value ?? t('noValue')}
        </dd>,
      ])}
    </dl>
  )
}
