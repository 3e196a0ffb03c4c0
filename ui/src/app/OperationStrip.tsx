import { makeStyles, ProgressBar, Spinner, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { Operation } from '../backend/types'
import { GoLink } from '../components/GoLink'
import { stepWords } from '../components/operation/words'
import { isRunning, useLiveOperations } from '../state'
import { paths } from './paths'

const useStyles = makeStyles({
  root: {
    flexShrink: 0,
    borderTop: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    backgroundColor: tokens.colorNeutralBackground3,
  },
  row: {
    display: 'flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalM,
    height: '36px',
    paddingInline: tokens.spacingHorizontalL,
  },
  words: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap', minWidth: 0 },
  more: { color: tokens.colorNeutralForeground3, whiteSpace: 'nowrap' },
  end: { marginInlineStart: 'auto' },
  bar: { width: '120px', flexShrink: 0 },
})

/** What an operation does just now, in one line. */
export function useOperationLine(): (operation: Operation) => string {
  const { t } = useTranslation()
  return (operation) => {
    const step = operation.steps.find(({ state }) => state === 'running')
    const words = [t(`operationDoing.${operation.kind}`, { name: operation.name })]
    if (operation.state !== 'running') words.push(t(`operationState.${operation.state}`))
    else if (step) words.push(t(`step.${stepWords(step.kind, operation)}`))
    if (step?.kind === 'pull' && operation.pull) {
      words.push(t('strip.percent', { percent: Math.round(operation.pull.percent) }))
    }
    const { build } = operation
    if (step?.kind === 'build' && build && build.total !== null && build.steps.length > 0) {
      words.push(t('strip.buildStep', { number: build.steps.length, total: build.total }))
    }
    return words.join(' · ')
  }
}

/** The strip at the bottom: the newest running operation, and how many more there are. */
export function OperationStrip() {
  const styles = useStyles()
  const { t } = useTranslation()
  const line = useOperationLine()
  const running = useLiveOperations()
    .filter(isRunning)
    .sort((one, other) => other.started.localeCompare(one.started))
  const [first] = running
  if (!first) return null
  const pulling = first.steps.some(({ kind, state }) => kind === 'pull' && state === 'running')
  return (
    <section aria-label={t('strip.label')} className={styles.root}>
      <div className={styles.row}>
        <Spinner size="extra-tiny" aria-hidden="true" />
        <Text className={styles.words}>{line(first)}</Text>
        {pulling && first.pull ? (
          <ProgressBar
            className={styles.bar}
            value={first.pull.percent / 100}
            aria-label={line(first)}
          />
        ) : null}
        {running.length > 1 ? (
          <GoLink to={paths.activity} className={styles.more}>
            {t('strip.more', { count: running.length - 1 })}
          </GoLink>
        ) : null}
        <GoLink to={paths.operation(first)} className={styles.end}>
          {t('strip.view')}
        </GoLink>
      </div>
    </section>
  )
}
