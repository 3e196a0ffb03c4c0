import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { OperationState, Status } from '../backend/types'
import { type Tone, toneColor } from '../theme'

const useStyles = makeStyles({
  root: {
    display: 'inline-flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalXS,
    whiteSpace: 'nowrap',
  },
  good: { color: toneColor.good },
  working: { color: toneColor.working },
  quiet: { color: toneColor.quiet },
  warning: { color: toneColor.warning },
  bad: { color: toneColor.bad },
  word: { color: 'inherit' },
})

type Shape = 'disc' | 'half' | 'ring' | 'triangle' | 'square'

/** Each tone has a shape, so that nothing is told by colour alone. */
const shapeOfTone: Record<Tone, Shape> = {
  good: 'disc',
  working: 'half',
  quiet: 'ring',
  warning: 'triangle',
  bad: 'square',
}

function ShapeMark({ shape }: { shape: Shape }) {
  return (
    <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true" focusable="false">
      {shape === 'disc' ? <circle cx="6" cy="6" r="5" fill="currentColor" /> : null}
      {shape === 'ring' || shape === 'half' ? (
        <circle cx="6" cy="6" r="4.25" fill="none" stroke="currentColor" strokeWidth="1.5" />
      ) : null}
      {shape === 'half' ? <path d="M6 1.75a4.25 4.25 0 0 0 0 8.5Z" fill="currentColor" /> : null}
      {shape === 'triangle' ? <path d="M6 1 11.5 11H.5Z" fill="currentColor" /> : null}
      {shape === 'square' ? (
        <rect x="1.5" y="1.5" width="9" height="9" rx="1" fill="currentColor" />
      ) : null}
    </svg>
  )
}

/** A word with the shape and colour of its tone. */
export function ToneMark({ tone, children }: { tone: Tone; children: string }) {
  const styles = useStyles()
  return (
    <span className={mergeClasses(styles.root, styles[tone])}>
      <ShapeMark shape={shapeOfTone[tone]} />
      <span className={styles.word}>{children}</span>
    </span>
  )
}

export const toneOfStatus: Record<Status, Tone> = {
  Starting: 'working',
  Available: 'good',
  Updating: 'working',
  Stopping: 'working',
  Stopped: 'quiet',
  Unavailable: 'warning',
  Failed: 'bad',
}

export const toneOfOperation: Record<OperationState, Tone> = {
  running: 'working',
  cancelling: 'working',
  goingBack: 'working',
  succeeded: 'good',
  failed: 'bad',
  cancelled: 'quiet',
}

/** A runtime's status: colour, shape and word. */
export function StatusBadge({ status }: { status: Status }) {
  const { t } = useTranslation()
  return <ToneMark tone={toneOfStatus[status]}>{t(`status.${status}`)}</ToneMark>
}

/** An operation's state: colour, shape and word. */
export function OperationStateBadge({ state }: { state: OperationState }) {
  const { t } = useTranslation()
  return <ToneMark tone={toneOfOperation[state]}>{t(`operationState.${state}`)}</ToneMark>
}
