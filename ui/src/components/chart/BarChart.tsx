import {
  makeStyles,
  mergeClasses,
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  Text,
  tokens,
} from '@fluentui/react-components'
import { lazy, Suspense, useId } from 'react'
import { useTranslation } from 'react-i18next'
import { Fold } from '../Fold'
import { Sideways } from '../grid/Sideways'
import { SkeletonLines } from '../Late'

const Bars = lazy(() => import('./Bars'))

/** One bar of a group. */
export interface ChartBar {
  series: string
  value: number
  /** The value as people read it. */
  shown: string
}

/** Bars that stand beside each other over one name. */
export interface ChartGroup {
  name: string
  bars: readonly ChartBar[]
}

/** Colours of the series, in their order; the first is the accent. They differ in lightness, too. */
const COLORS = [
  tokens.colorBrandForeground1,
  tokens.colorPaletteMarigoldBorderActive,
  tokens.colorPaletteTealBorderActive,
  tokens.colorPaletteBerryBorderActive,
  tokens.colorPaletteGreenForeground3,
  tokens.colorNeutralForeground3,
]

const useStyles = makeStyles({
  figure: { margin: 0, minWidth: 0 },
  drawing: {
    height: '240px',
    minWidth: 0,
    overflow: 'hidden',
    // A name is written as it is.
    '& button, & .fui-legend__text': { textTransform: 'none' },
  },
  withLegend: { height: '276px' },
  caption: { color: tokens.colorNeutralForeground2 },
})

/** Bars in groups, and the same numbers as a table for those who do not see them. */
export function BarChart({
  title,
  groupName,
  groups,
  share = false,
}: {
  title: string
  /** What a group is, as the heading of the table's first column. */
  groupName: string
  groups: readonly ChartGroup[]
  /** The values lie between 0 and 1, and the scale shows all of it. */
  share?: boolean
}) {
  const styles = useStyles()
  const { t } = useTranslation('batch')
  const caption = useId()
  const series = groups[0]?.bars.map((bar) => bar.series) ?? []
  return (
    <figure aria-labelledby={caption} className={styles.figure}>
      <figcaption id={caption}>
        <Text size={200} className={styles.caption}>
          {title}
        </Text>
      </figcaption>
      <div className={mergeClasses(styles.drawing, series.length > 1 && styles.withLegend)}>
        <Suspense fallback={<SkeletonLines lines={5} height={28} />}>
          <Bars
            title={title}
            groups={groups}
            colors={COLORS}
            share={share}
            legend={series.length > 1}
          />
        </Suspense>
      </div>
      <Fold label={t('chart.asTable')} whole>
        <Sideways label={title}>
          <Table size="extra-small" aria-label={title}>
            <TableHeader>
              <TableRow>
                <TableHeaderCell scope="col">{groupName}</TableHeaderCell>
                {series.map((name) => (
                  <TableHeaderCell key={name} scope="col">
                    {name}
                  </TableHeaderCell>
                ))}
              </TableRow>
            </TableHeader>
            <TableBody>
              {groups.map(({ name, bars }) => (
                <TableRow key={name}>
                  <TableCell role="rowheader">{name}</TableCell>
                  {bars.map(({ series: of, shown }) => (
                    <TableCell key={of}>{shown}</TableCell>
                  ))}
                </TableRow>
              ))}
            </TableBody>
          </Table>
        </Sideways>
      </Fold>
    </figure>
  )
}
