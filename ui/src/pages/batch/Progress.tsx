import { makeStyles, mergeClasses, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { Batch } from '../../backend/types'
import { isActiveBatch, rowsLeft } from '../../components/batch/states'
import { Card } from '../../components/Card'
import { Lasting } from '../../components/Moment'
import { ToneMark } from '../../components/StatusBadge'
import { formatCount, formatDuration, formatMeasure } from '../../format'
import type { Tone } from '../../theme'
import { isSimple, LaneName } from './Lanes'

const useStyles = makeStyles({
  bar: {
    display: 'flex',
    height: '8px',
    overflow: 'hidden',
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground6,
  },
  part: {
    transitionProperty: 'flex-grow',
    transitionDuration: tokens.durationNormal,
    flexBasis: 0,
    // A few among a million are seen, too.
    minWidth: '2px',
  },
  completed: { backgroundColor: tokens.colorStatusSuccessBackground3 },
  failed: { backgroundColor: tokens.colorStatusDangerBackground3 },
  running: { backgroundColor: tokens.colorBrandBackground },
  legend: {
    display: 'flex',
    flexWrap: 'wrap',
    columnGap: tokens.spacingHorizontalL,
    rowGap: tokens.spacingVerticalXS,
    margin: 0,
    padding: 0,
    listStyleType: 'none',
    fontVariantNumeric: 'tabular-nums',
  },
  facts: {
    display: 'flex',
    flexWrap: 'wrap',
    columnGap: tokens.spacingHorizontalXXL,
    rowGap: tokens.spacingVerticalS,
    margin: 0,
  },
  label: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
  value: { margin: 0, fontVariantNumeric: 'tabular-nums' },
  quiet: { color: tokens.colorNeutralForeground2 },
})

/** How many rows have ended, run and wait; how quickly it goes, and how long it still takes. */
export function Progress({ batch }: { batch: Batch }) {
  const styles = useStyles()
  const { t } = useTranslation('batch')
  const { name, rows, completed, failed, running, rate, timeLeft, tokens: counted } = batch
  const ended = completed + failed
  const active = isActiveBatch(batch)
  const waiting = Math.max(0, rowsLeft(batch) - running)
  const parts: Array<['completed' | 'failed' | 'running' | 'waiting', number, Tone]> = [
    ['completed', completed, completed > 0 ? 'good' : 'quiet'],
    ['failed', failed, failed > 0 ? 'bad' : 'quiet'],
    ['running', running, 'working'],
    ['waiting', waiting, 'quiet'],
  ]
  const words = {
    ended: formatCount(ended),
    failed: formatCount(failed),
    rows: formatCount(rows ?? 0),
  }
  const facts: Array<[string, React.ReactNode]> = []
  const [lane] = batch.lanes
  if (lane && isSimple(batch.lanes)) {
    facts.push([
      t('lanes.runtime'),
      <>
        <LaneName lane={lane} />
        {lane.version ? ` · ${lane.version}` : ''}
      </>,
    ])
  }
  if (active && rate !== null) {
    facts.push([t('progress.rate'), t('progress.rateValue', { rate: formatMeasure(rate) })])
  }
  if (active && timeLeft !== null) {
    facts.push([t('progress.timeLeft'), formatDuration(timeLeft * 1000)])
  }
  if (batch.state !== 'queued' && batch.state !== 'paused') {
    facts.push([t('progress.took'), <Lasting key="took" from={batch.started} to={batch.ended} />])
  }
  if (counted) {
    facts.push([
      t('progress.tokens'),
      t('progress.tokensValue', {
        total: formatCount(counted.total),
        prompt: formatCount(counted.prompt),
        completion: formatCount(counted.completion),
      }),
    ])
  }
  return (
    <Card heading={t('progress.heading')}>
      <div
        role="progressbar"
        aria-label={t('progress.label', { name })}
        aria-valuemin={0}
        aria-valuemax={rows ?? undefined}
        aria-valuenow={ended}
        aria-valuetext={t(rows === null ? 'progress.textCounting' : 'progress.text', words)}
        className={styles.bar}
      >
        {parts.map(([part, count]) =>
          count > 0 && part !== 'waiting' ? (
            <span
              key={part}
              className={mergeClasses(styles.part, styles[part])}
              style={{ flexGrow: count }}
            />
          ) : null,
        )}
        <span style={{ flexGrow: waiting, flexBasis: 0 }} />
      </div>
      <ul className={styles.legend}>
        {parts.map(([part, count, tone]) =>
          count > 0 || part === 'completed' || part === 'failed' ? (
            <li key={part}>
              <ToneMark tone={tone}>
                {t(`progress.${part}`, { count, shown: formatCount(count) })}
              </ToneMark>
            </li>
          ) : null,
        )}
        {rows === null ? <li className={styles.quiet}>{t('progress.counting')}</li> : null}
      </ul>
      {facts.length > 0 ? (
        <dl className={styles.facts}>
          {facts.map(([label, value]) => (
            <div key={label}>
              <dt className={styles.label}>{label}</dt>
              <dd className={styles.value}>{value}</dd>
            </div>
          ))}
        </dl>
      ) : null}
      {active && batch.note ? (
        <Text role="status" className={styles.quiet}>
          {batch.note}
        </Text>
      ) : null}
    </Card>
  )
}
