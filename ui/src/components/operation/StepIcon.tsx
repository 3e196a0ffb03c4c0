import { makeStyles, Spinner, tokens } from '@fluentui/react-components'
import {
  CheckmarkCircle20Filled,
  Circle20Regular,
  DismissCircle20Filled,
  SubtractCircle20Regular,
} from '@fluentui/react-icons'
import type { ReactElement } from 'react'
import { toneColor } from '../../theme'
import type { ShownState } from './progress'

const useStyles = makeStyles({
  icon: { display: 'flex', height: '20px', alignItems: 'center' },
  done: { color: toneColor.good },
  failed: { color: toneColor.bad },
  quiet: { color: tokens.colorNeutralForeground3 },
})

/** How a step stands, as a picture with its word. */
export function StepIcon({ state, label }: { state: ShownState; label: string }) {
  const styles = useStyles()
  const icons: Record<ShownState, ReactElement> = {
    pending: <Circle20Regular className={styles.quiet} />,
    running: <Spinner size="tiny" aria-hidden="true" />,
    done: <CheckmarkCircle20Filled className={styles.done} />,
    failed: <DismissCircle20Filled className={styles.failed} />,
    skipped: <SubtractCircle20Regular className={styles.quiet} />,
    stopped: <SubtractCircle20Regular className={styles.quiet} />,
  }
  return (
    <span role="img" aria-label={label} className={styles.icon}>
      {icons[state]}
    </span>
  )
}
