import {
  makeStyles,
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  tokens,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { Batch, RowNode } from '../../backend/types'
import { Card } from '../../components/Card'
import { toneOfNode } from '../../components/flow/states'
import { Sideways } from '../../components/grid/Sideways'
import { ToneMark } from '../../components/StatusBadge'
import { formatCount, formatDuration } from '../../format'

const OF_ALL = ['node', 'rows', 'failed', 'bypassed', 'mean', 'longest', 'tokens'] as const
const OF_ROW = ['node', 'state', 'took', 'tokens'] as const

const useStyles = makeStyles({
  table: { minWidth: '640px' },
  narrow: { minWidth: 0 },
  heading: { fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
  name: { width: '24%' },
  total: { width: '76px' },
  number: { fontVariantNumeric: 'tabular-nums', textAlign: 'end', whiteSpace: 'nowrap' },
  end: { justifyContent: 'flex-end' },
  wrap: { overflowWrap: 'anywhere' },
})

const seconds = (value: number | null) => (value === null ? null : formatDuration(value * 1000))

const NUMBERS: readonly string[] = [
  'rows',
  'failed',
  'bypassed',
  'mean',
  'longest',
  'took',
  'tokens',
]

function Head({ columns }: { columns: readonly string[] }) {
  const styles = useStyles()
  const { t } = useTranslation('batch')
  const widths: Record<string, string> = { node: styles.name, tokens: styles.total }
  return (
    <TableHeader>
      <TableRow>
        {columns.map((column) => (
          <TableHeaderCell
            key={column}
            scope="col"
            className={widths[column] ?? ''}
            {...(NUMBERS.includes(column) ? { button: { className: styles.end } } : {})}
          >
            <span className={styles.heading}>{t(`nodes.${column}` as 'nodes.node')}</span>
          </TableHeaderCell>
        ))}
      </TableRow>
    </TableHeader>
  )
}

/** What each node did in all rows that have ended. */
export function Nodes({ batch: { nodes } }: { batch: Batch }) {
  const styles = useStyles()
  const { t } = useTranslation(['batch', 'common'])
  const none = t('common:noValue')
  if (nodes.length === 0) return null
  return (
    <Card heading={t('nodes.heading')}>
      <Sideways label={t('nodes.table')}>
        <Table size="small" aria-label={t('nodes.table')} className={styles.table}>
          <Head columns={OF_ALL} />
          <TableBody>
            {nodes.map((one) => (
              <TableRow key={one.node}>
                <TableCell role="rowheader" className={styles.wrap}>
                  {one.node}
                </TableCell>
                {[
                  formatCount(one.rows),
                  formatCount(one.failed),
                  formatCount(one.bypassed),
                  one.measured > 0 ? seconds(one.seconds / one.measured) : null,
                  seconds(one.longest),
                  one.tokens > 0 ? formatCount(one.tokens) : null,
                ].map((value, index) => (
                  <TableCell key={OF_ALL[index + 1]} className={styles.number}>
                    {value ?? none}
                  </TableCell>
                ))}
              </TableRow>
            ))}
          </TableBody>
        </Table>
      </Sideways>
    </Card>
  )
}

/** What each node did in one row. */
export function RowNodes({ nodes }: { nodes: readonly RowNode[] }) {
  const styles = useStyles()
  const { t } = useTranslation(['batch', 'flowRun', 'common'])
  const none = t('common:noValue')
  return (
    <Table size="small" aria-label={t('nodes.ofRow')} className={styles.narrow}>
      <Head columns={OF_ROW} />
      <TableBody>
        {nodes.map(({ node, state, duration, tokens: counted }) => (
          <TableRow key={node}>
            <TableCell role="rowheader" className={styles.wrap}>
              {node}
            </TableCell>
            <TableCell>
              <ToneMark tone={toneOfNode[state]}>
                {state === 'waiting'
                  ? t('flowRun:nodeState.neverRan')
                  : t(`flowRun:nodeState.${state}`)}
              </ToneMark>
            </TableCell>
            <TableCell className={styles.number}>
              {state === 'bypassed' ? none : (seconds(duration) ?? none)}
            </TableCell>
            <TableCell className={styles.number}>
              {counted ? formatCount(counted.total) : none}
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  )
}
