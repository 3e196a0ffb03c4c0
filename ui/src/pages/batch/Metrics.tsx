import { useTranslation } from 'react-i18next'
import type { Batch } from '../../backend/types'
import { Card } from '../../components/Card'
import { BarChart } from '../../components/chart/BarChart'
import { byScale, isShare } from '../../components/chart/scale'
import { formatMeasure } from '../../format'
import { Figures } from './Figures'

/** What the flow measured over all rows. */
export function Metrics({ batch }: { batch: Batch }) {
  const { t } = useTranslation('batch')
  const { metrics } = batch
  if (metrics.length === 0) return null
  return (
    <Card heading={t('metrics.heading')}>
      <Figures
        figures={metrics.map((metric) => ({
          label: metric.name,
          value: formatMeasure(metric.value),
        }))}
      />
      {byScale(metrics, ({ value }) => value)
        // A single bar says no more than its number.
        .filter((group) => group.length > 1)
        .map((group) => (
          <BarChart
            key={group[0]?.name}
            title={group.map((metric) => metric.name).join(', ')}
            share={isShare(group.map(({ value }) => value))}
            groupName={t('metrics.metric')}
            groups={group.map((metric) => ({
              name: metric.name,
              bars: [
                {
                  series: t('metrics.value'),
                  value: metric.value,
                  shown: formatMeasure(metric.value),
                },
              ],
            }))}
          />
        ))}
    </Card>
  )
}
