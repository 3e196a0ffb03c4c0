import { Badge, makeStyles, mergeClasses, Text, Tooltip, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { BuildProgress, BuildStep, Operation } from '../../backend/types'
import { formatBytes } from '../../format'
import { isRunning } from '../../state'
import { Lasting } from '../Moment'
import type { ShownState } from './progress'
import { StepIcon } from './StepIcon'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalXS,
    marginTop: tokens.spacingVerticalXS,
    minWidth: 0,
  },
  words: {
    display: 'flex',
    flexWrap: 'wrap',
    columnGap: tokens.spacingHorizontalM,
    color: tokens.colorNeutralForeground2,
    fontVariantNumeric: 'tabular-nums',
  },
  list: { margin: 0, padding: 0, listStyleType: 'none' },
  step: {
    display: 'grid',
    gridTemplateColumns: '20px 24px minmax(0, 1fr) max-content max-content',
    columnGap: tokens.spacingHorizontalS,
    alignItems: 'center',
    minHeight: '24px',
  },
  number: { color: tokens.colorNeutralForeground3, fontVariantNumeric: 'tabular-nums' },
  instruction: {
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
  },
  running: { fontWeight: tokens.fontWeightSemibold },
  time: {
    color: tokens.colorNeutralForeground3,
    fontVariantNumeric: 'tabular-nums',
    whiteSpace: 'nowrap',
  },
})

/** A build that has ended has nothing under way. */
const shown = (step: BuildStep, operation: Operation): ShownState =>
  step.state === 'running' && !isRunning(operation) ? 'stopped' : step.state

/** The builder's own steps, one an instruction of the Dockerfile. */
export function BuildSteps({ build, operation }: { build: BuildProgress; operation: Operation }) {
  const styles = useStyles()
  const { t } = useTranslation('operation')
  const { sent, steps, total } = build
  return (
    <div className={styles.root}>
      <div className={styles.words}>
        {total !== null ? <Text>{t('build.stepOf', { done: steps.length, total })}</Text> : null}
        {sent > 0 ? <Text>{t('build.sent', { size: formatBytes(sent) })}</Text> : null}
      </div>
      <ol className={styles.list} aria-label={t('build.label')}>
        {steps.map((step) => {
          const state = shown(step, operation)
          return (
            <li
              key={step.number}
              className={styles.step}
              {...(state === 'running' ? { 'aria-current': 'step' as const } : {})}
            >
              <StepIcon state={state} label={t(`stepState.${state}`)} />
              <Text size={200} className={styles.number}>
                {step.number}
              </Text>
              <Tooltip content={step.instruction} relationship="description">
                <span
                  className={mergeClasses(
                    styles.instruction,
                    state === 'running' && styles.running,
                  )}
                >
                  {step.instruction}
                </span>
              </Tooltip>
              {step.cached ? (
                <Badge appearance="tint" color="informative" size="small">
                  {t('build.cached')}
                </Badge>
              ) : (
                <span />
              )}
              <Text size={200} className={styles.time}>
                {step.started && !step.cached ? (
                  <Lasting from={step.started} to={step.finished ?? operation.finished} />
                ) : null}
              </Text>
            </li>
          )
        })}
      </ol>
    </div>
  )
}
