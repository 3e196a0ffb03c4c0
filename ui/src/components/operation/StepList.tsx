import { makeStyles, mergeClasses, Spinner, Text, tokens } from '@fluentui/react-components'
import {
  CheckmarkCircle20Filled,
  Circle20Regular,
  DismissCircle20Filled,
  SubtractCircle20Regular,
} from '@fluentui/react-icons'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { Operation } from '../../backend/types'
import { toneColor } from '../../theme'
import { Lasting } from '../Moment'
import { PullProgressBar } from './PullProgressBar'
import { type ShownState, shownState, stepEnd } from './progress'

const useStyles = makeStyles({
  list: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalM,
    margin: 0,
    padding: 0,
    listStyleType: 'none',
  },
  step: {
    display: 'grid',
    gridTemplateColumns: '20px minmax(0, 1fr) max-content',
    columnGap: tokens.spacingHorizontalM,
    alignItems: 'start',
  },
  icon: { display: 'flex', height: '20px', alignItems: 'center' },
  done: { color: toneColor.good },
  failed: { color: toneColor.bad },
  quiet: { color: tokens.colorNeutralForeground3 },
  running: { fontWeight: tokens.fontWeightSemibold },
  note: { color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
  time: {
    color: tokens.colorNeutralForeground3,
    fontVariantNumeric: 'tabular-nums',
    whiteSpace: 'nowrap',
  },
  body: { display: 'flex', flexDirection: 'column', minWidth: 0 },
})

function StepIcon({ state, label }: { state: ShownState; label: string }) {
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

/** An operation's steps: ticks, notes, time, and the pull's bar under its step. */
export function StepList({ operation }: { operation: Operation }) {
  const styles = useStyles()
  const { t } = useTranslation('operation')
  return (
    <ol className={styles.list} aria-label={t('steps')}>
      {operation.steps.map((step, index) => {
        const state = shownState(step, operation)
        const quiet = state === 'pending' || state === 'skipped'
        return (
          <li
            // biome-ignore lint/suspicious/noArrayIndexKey: the same kind may come twice, and steps never move
            key={`${step.kind} ${index}`}
            className={styles.step}
            {...(state === 'running' ? { 'aria-current': 'step' as const } : {})}
          >
            <StepIcon state={state} label={t(`stepState.${state}`)} />
            <div className={styles.body}>
              <Text
                className={mergeClasses(
                  quiet && styles.quiet,
                  state === 'running' && styles.running,
                )}
              >
                {t(`step.${step.kind}`)}
              </Text>
              {step.note ? <Text className={styles.note}>{step.note}</Text> : null}
              {step.kind === 'pull' && operation.pull && !quiet ? (
                <PullProgressBar pull={operation.pull} state={state} />
              ) : null}
            </div>
            <Text className={styles.time}>
              {step.started && !quiet ? (
                <Lasting from={step.started} to={stepEnd(step, operation)} />
              ) : null}
            </Text>
          </li>
        )
      })}
    </ol>
  )
}
