import { useTranslation } from 'react-i18next'
import type { Latency } from '../../backend/types'
import { Card } from '../../components/Card'
import { BarChart } from '../../components/chart/BarChart'
import { formatCount, formatDuration, formatMeasure } from '../../format'
import { useAsk } from '../../state'
import { Figures } from './Figures'

const FIGURES = ['mean', 'median', 'p90', 'p99', 'longest'] as const

const seconds = (value: number) => formatDuration(value * 1000)

function Histogram({ latency }: { latency: Latency }) {
  const { t } = useTranslation('batch')
  return (
    <BarChart
      title={t('latency.chart')}
      groupName={t('latency.seconds')}
      groups={latency.bars.map(({ from, to, rows }) => ({
        name: t('latency.range', { from: formatMeasure(from), to: formatMeasure(to) }),
        bars: [{ series: t('latency.rows'), value: rows, shown: formatCount(rows) }],
      }))}
    />
  )
}

/** How long the completed rows took. */
export function Latencies({ batch }: { batch: string }) {
  const { t } = useTranslation('batch')
  const { data } = useAsk('batch_latency', { batch })
  const latency = data?.latency
  if (!latency) return null
  return (
    <Card heading={t('latency.heading')}>
      <Figures
        figures={FIGURES.map((one) => ({
          label: t(`latency.${one}`),
          value: seconds(latency[one]),
        }))}
      />
      {latency.bars.length > 1 ? <Histogram latency={latency} /> : null}
    </Card>
  )
}
