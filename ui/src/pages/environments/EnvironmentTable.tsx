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
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import type { EnvironmentView } from '../../backend/types'
import { GoLink } from '../../components/GoLink'
import { Sideways } from '../../components/grid/Sideways'
import { Moment } from '../../components/Moment'
import { formatBytes } from '../../format'
import { sizes } from '../../theme'
import { StateBadge } from '../environment/StateBadge'
import { pythonVersion } from '../environment/state'
import { RowMenu } from './RowMenu'
import { COLUMNS, type Column, type View } from './view'

const useStyles = makeStyles({
  table: { minWidth: '960px' },
  heading: { fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
  row: { height: `${sizes.gridRow}px` },
  kind: { width: '96px' },
  version: { width: '116px' },
  python: { width: '60px' },
  promptflow: { width: '76px' },
  size: { width: '60px' },
  runtimes: { width: '64px' },
  state: { width: '124px' },
  menu: { width: '32px' },
  number: { fontVariantNumeric: 'tabular-nums' },
  cut: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  quiet: { color: tokens.colorNeutralForeground3 },
  heard: {
    position: 'absolute',
    width: '1px',
    height: '1px',
    overflow: 'hidden',
    clipPath: 'inset(50%)',
  },
})

function Row({
  environment,
  onDuplicate,
  onDelete,
}: {
  environment: EnvironmentView
  onDuplicate: (environment: EnvironmentView) => void
  onDelete: (environment: EnvironmentView) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation(['environments', 'common'])
  const navigate = useNavigate()
  const { id, name, source, runtimes } = environment
  const [newest] = environment.versions
  const none = t('common:noValue')
  return (
    <TableRow className={styles.row} onDoubleClick={() => navigate(paths.environment(id))}>
      <TableCell role="rowheader" className={styles.cut} title={name}>
        <GoLink to={paths.environment(id)}>{name}</GoLink>
      </TableCell>
      <TableCell>{t(`kind.${source.kind}`)}</TableCell>
      <TableCell className={styles.cut}>
        {newest ? (
          <>
            {newest.number}{' '}
            <Text size={200} className={styles.quiet}>
              <Moment time={newest.created} />
            </Text>
          </>
        ) : (
          none
        )}
      </TableCell>
      <TableCell {...(newest?.python ? { title: newest.python } : {})}>
        {pythonVersion(newest) ?? none}
      </TableCell>
      <TableCell>{newest?.promptflow ?? none}</TableCell>
      <TableCell className={styles.number}>{newest ? formatBytes(newest.size) : none}</TableCell>
      <TableCell className={styles.number}>{runtimes.length}</TableCell>
      <TableCell>
        <StateBadge environment={environment} />
      </TableCell>
      <TableCell>
        <RowMenu
          environment={environment}
          onDuplicate={() => onDuplicate(environment)}
          onDelete={() => onDelete(environment)}
        />
      </TableCell>
    </TableRow>
  )
}

/** The environments with what their newest versions are. */
export function EnvironmentTable({
  rows,
  sort,
  onSort,
  onDuplicate,
  onDelete,
}: {
  rows: EnvironmentView[]
  sort: View['sort']
  onSort: (sort: View['sort']) => void
  onDuplicate: (environment: EnvironmentView) => void
  onDelete: (environment: EnvironmentView) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('environments')
  const choose = (column: Column) =>
    onSort({ column, descending: sort.column === column ? !sort.descending : false })
  return (
    <Sideways framed>
      <Table size="small" sortable aria-label={t('table')} className={styles.table}>
        <TableHeader>
          <TableRow>
            {COLUMNS.map((column) => (
              <TableHeaderCell
                key={column}
                scope="col"
                className={mergeClasses(styles.heading, column !== 'name' && styles[column])}
                sortDirection={
                  sort.column === column
                    ? sort.descending
                      ? 'descending'
                      : 'ascending'
                    : undefined
                }
                onClick={() => choose(column)}
              >
                {t(`column.${column}`)}
              </TableHeaderCell>
            ))}
            <TableHeaderCell scope="col" className={styles.menu} sortable={false}>
              <span className={styles.heard}>{t('column.actions')}</span>
            </TableHeaderCell>
          </TableRow>
        </TableHeader>
        <TableBody>
          {rows.map((environment) => (
            <Row
              key={environment.id}
              environment={environment}
              onDuplicate={onDuplicate}
              onDelete={onDelete}
            />
          ))}
        </TableBody>
      </Table>
    </Sideways>
  )
}
