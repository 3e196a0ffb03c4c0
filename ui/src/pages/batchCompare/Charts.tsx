import { makeStyles, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { ComparedBatch } from '../../backend/types'
import { Card } from '../../components/Card'
import { BarChart, type ChartGroup } from '../../components/chart/BarChart'
import { byScale, isShare } from '../../components/chart/scale'
import { formatDuration, formatMeasure } from '../../format'
import { metricNames, metricOf, namesOf } from './figures'

const LATENCIES = ['mean', 'median', 'p90'] as const

const useStyles = makeStyles({
  cards: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(100%, 420px), 1fr))',
    gap: tokens.spacingHorizontalL,
    alignItems: 'start',
  },
})

/** Metrics and latencies of batch runs as bars beside each other. */
export function Charts({ all }: { all: readonly ComparedBatch[] }) {
  const styles = useStyles()
  const { t } = useTranslation('batchCompare')
  const names = namesOf(all)
  const largest = (metric: string) =>
    Math.max(...all.map((one) => Math.abs(metricOf(one, metric) ?? 0)))
  const metrics = byScale(metricNames(all), largest)
  const timed = all.filter(({ latency }) => latency !== null)
  const groupOf = (metric: string): ChartGroup => ({
    name: metric,
    bars: all.map((one, index) => {
      const value = metricOf(one, metric)
      return {
        series: names[index] ?? '',
        value: value ?? 0,
        shown: value === null ? '–' : formatMeasure(value),
      }
    }),
  })
  return (
    <div className={styles.cards}>
      {metrics.length > 0 ? (
        <Card heading={t('metrics.heading')}>
          {metrics.map((group) => (
            <BarChart
              key={group[0]}
              title={group.join(', ')}
              share={isShare(group.flatMap((name) => all.map((one) => metricOf(one, name) ?? 0)))}
              groupName={t('metrics.metric')}
              groups={group.map(groupOf)}
            />
          ))}
        </Card>
      ) : null}
      {timed.length > 0 ? (
        <Card heading={t('latency.heading')}>
          <BarChart
            title={t('latency.chart')}
            groupName={t('latency.figure')}
            groups={LATENCIES.map((figure) => ({
              name: t(`figures.${figure}`),
              bars: all.map(({ latency }, index) => ({
                series: names[index] ?? '',
                value: latency?.[figure] ?? 0,
                shown: latency === null ? '–' : formatDuration(latency[figure] * 1000),
              })),
            }))}
          />
        </Card>
      ) : null}
    </div>
  )
}
