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
import { paths } from '../../app/paths'
import type { Lane } from '../../backend/types'
import { LaneStateBadge } from '../../components/batch/states'
import { Card } from '../../components/Card'
import { GoLink } from '../../components/GoLink'
import { Sideways } from '../../components/grid/Sideways'
import { formatCount } from '../../format'
import { useRuntime } from '../../state'

const COLUMNS = ['runtime', 'version', 'state', 'running', 'ended', 'note'] as const

const useStyles = makeStyles({
  table: { minWidth: '760px' },
  heading: { fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
  narrow: { width: '64px' },
  version: { width: '112px' },
  note: { width: '30%' },
  state: { width: '104px' },
  number: { fontVariantNumeric: 'tabular-nums' },
  wrap: { overflowWrap: 'anywhere' },
})

/** Whether a single runtime has nothing to say of itself: its name is enough then. */
export const isSimple = (lanes: readonly Lane[]): boolean =>
  lanes.length === 1 && lanes.every(({ note, state }) => note === null && state !== 'lost')

/** The name of a runtime, which leads there as long as it exists. */
export function LaneName({ lane }: { lane: Lane }) {
  const there = useRuntime(lane.runtime) !== undefined
  return there ? (
    <GoLink inline to={paths.runtime(lane.runtime)}>
      {lane.name}
    </GoLink>
  ) : (
    lane.name
  )
}

function Row({ lane }: { lane: Lane }) {
  const styles = useStyles()
  const { t } = useTranslation()
  return (
    <TableRow>
      <TableCell role="rowheader" className={styles.wrap}>
        <LaneName lane={lane} />
      </TableCell>
      <TableCell>{lane.version || t('noValue')}</TableCell>
      <TableCell>
        <LaneStateBadge state={lane.state} />
      </TableCell>
      <TableCell className={styles.number}>{formatCount(lane.running)}</TableCell>
      <TableCell className={styles.number}>{formatCount(lane.ended)}</TableCell>
      <TableCell className={styles.wrap}>{lane.note ?? ''}</TableCell>
    </TableRow>
  )
}

/** The runtimes that share the rows, and how each stands. */
export function Lanes({ lanes }: { lanes: readonly Lane[] }) {
  const styles = useStyles()
  const { t } = useTranslation('batch')
  const width = {
    runtime: undefined,
    version: styles.version,
    state: styles.state,
    running: styles.narrow,
    ended: styles.narrow,
    note: styles.note,
  }
  return (
    <Card heading={t('lanes.heading')}>
      <Sideways label={t('lanes.table')}>
        <Table size="small" aria-label={t('lanes.table')} className={styles.table}>
          <TableHeader>
            <TableRow>
              {COLUMNS.map((column) => (
                <TableHeaderCell key={column} scope="col" className={width[column] ?? ''}>
                  <span className={styles.heading}>{t(`lanes.${column}`)}</span>
                </TableHeaderCell>
              ))}
            </TableRow>
          </TableHeader>
          <TableBody>
            {lanes.map((lane) => (
              <Row key={lane.runtime} lane={lane} />
            ))}
          </TableBody>
        </Table>
      </Sideways>
    </Card>
  )
}
