import { makeStyles, mergeClasses, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { Operation } from '../../backend/types'
import { Lasting } from '../Moment'
import { BuildSteps } from './BuildSteps'
import { PullProgressBar } from './PullProgressBar'
import { shownState, stepEnd } from './progress'
import { StepIcon } from './StepIcon'
import { stepWords } from './words'

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

/** An operation's steps: ticks, notes, time, and the pull's bar and the builder's own steps under theirs. */
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
                {t(`step.${stepWords(step.kind, operation, index)}`)}
              </Text>
              {step.note ? <Text className={styles.note}>{step.note}</Text> : null}
              {step.kind === 'pull' && operation.pull && !quiet ? (
                <PullProgressBar pull={operation.pull} state={state} />
              ) : null}
              {step.kind === 'build' && operation.build && !quiet ? (
                <BuildSteps build={operation.build} operation={operation} />
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
