import {
  makeStyles,
  mergeClasses,
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
import type { EnvironmentView } from '../../backend/types'
import { EmptyState } from '../../components/EmptyState'
import { GoLink } from '../../components/GoLink'
import { Sideways } from '../../components/grid/Sideways'
import { Moment } from '../../components/Moment'
import { formatBytes } from '../../format'
import { chosenRow, sizes } from '../../theme'
import { pythonVersion } from './state'
import { VersionDetail } from './VersionDetail'

const COLUMNS = [
  'number',
  'created',
  'compute',
  'python',
  'promptflow',
  'packages',
  'size',
  'runtimes',
] as const

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalL,
    maxWidth: sizes.readingWidth,
  },
  table: { minWidth: '760px' },
  heading: { fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
  row: { height: `${sizes.gridRow}px` },
  chosen: chosenRow,
  cut: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
})

/** Every version, and all about the one that is chosen. */
export function Versions({
  environment,
  chosen,
  onExactly,
}: {
  environment: EnvironmentView
  /** Number of the version to show; `null` = the newest. */
  chosen: number | null
  /** Builds a version exactly again; `null` where that cannot be. */
  onExactly: ((number: number) => void) | null
}) {
  const styles = useStyles()
  const { t } = useTranslation(['environmentDetail', 'common'])
  const { id, versions } = environment
  const shown = versions.find(({ number }) => number === chosen) ?? versions[0]
  if (!shown) {
    return <EmptyState title={t('version.none')}>{t('version.noneBody')}</EmptyState>
  }
  const none = t('common:noValue')
  return (
    <div className={styles.root}>
      <Sideways framed>
        <Table size="small" aria-label={t('version.table')} className={styles.table}>
          <TableHeader>
            <TableRow>
              {COLUMNS.map((column) => (
                <TableHeaderCell key={column} scope="col" className={styles.heading}>
                  {t(`version.${column}`)}
                </TableHeaderCell>
              ))}
            </TableRow>
          </TableHeader>
          <TableBody>
            {versions.map((version) => (
              <TableRow
                key={version.number}
                className={mergeClasses(styles.row, version === shown && styles.chosen)}
                {...(version === shown ? { 'aria-current': 'true' as const } : {})}
              >
                <TableCell>
                  <GoLink to={paths.environmentVersion(id, version.number)}>
                    {t('version.title', { number: version.number })}
                  </GoLink>
                </TableCell>
                <TableCell>
                  <Moment time={version.created} />
                </TableCell>
                <TableCell className={styles.cut} title={version.computeName}>
                  {version.computeName}
                </TableCell>
                <TableCell {...(version.python ? { title: version.python } : {})}>
                  {pythonVersion(version) ?? none}
                </TableCell>
                <TableCell>{version.promptflow ?? none}</TableCell>
                <TableCell>{version.packages}</TableCell>
                <TableCell>{formatBytes(version.size)}</TableCell>
                <TableCell>{version.runtimes.length}</TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      </Sideways>
      <VersionDetail
        key={shown.number}
        environment={environment}
        version={shown}
        onExactly={onExactly ? () => onExactly(shown.number) : null}
      />
    </div>
  )
}
