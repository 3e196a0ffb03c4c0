import { GroupedVerticalBarChart, ResponsiveContainer } from '@fluentui/react-charts'
import type { ChartGroup } from './BarChart'

/** The drawing itself; it comes in a chunk of its own. */
export default function Bars({
  title,
  groups,
  colors,
  legend,
  share,
}: {
  title: string
  groups: readonly ChartGroup[]
  colors: readonly string[]
  legend: boolean
  share: boolean
}) {
  return (
    // It follows the window when that is made smaller, too.
    <ResponsiveContainer>
      <GroupedVerticalBarChart
        chartTitle={title}
        hideLegend={!legend}
        hideLabels
        barWidth="auto"
        maxBarWidth={40}
        roundedTicks
        {...(share ? { yMaxValue: 1 } : {})}
        wrapXAxisLables
        data={groups.map(({ name, bars }) => ({
          name,
          series: bars.map(({ series, value, shown }, index) => ({
            key: series,
            legend: series,
            data: value,
            color: colors[index % colors.length] ?? '',
            xAxisCalloutData: name,
            yAxisCalloutData: shown,
          })),
        }))}
      />
    </ResponsiveContainer>
  )
}
