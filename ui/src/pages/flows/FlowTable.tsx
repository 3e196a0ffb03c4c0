import {
  Menu,
  MenuButton,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
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
import {
  ErrorCircle16Regular,
  MoreHorizontal20Regular,
  Warning16Regular,
} from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import type { RecentFlow } from '../../backend/types'
import { RunStateBadge } from '../../components/flow/states'
import { GoLink } from '../../components/GoLink'
import { Sideways } from '../../components/grid/Sideways'
import { Moment } from '../../components/Moment'
import { cutMiddle } from '../../format'
import { useLiveFlowRuns, useRuntime } from '../../state'
import { sizes, toneColor } from '../../theme'

const COLUMNS = ['name', 'folder', 'runtime', 'lastRun', 'opened'] as const

const useStyles = makeStyles({
  table: { minWidth: '820px' },
  heading: { fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
  row: { height: `${sizes.gridRowOfTwoLines}px` },
  runtime: { width: '150px' },
  lastRun: { width: '200px' },
  opened: { width: '110px' },
  menu: { width: '32px' },
  cut: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  quiet: { color: tokens.colorNeutralForeground3 },
  gone: {
    display: 'flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalXS,
    paddingBottom: tokens.spacingVerticalXS,
    color: toneColor.warning,
  },
  broken: { color: toneColor.bad },
  kind: { display: 'block', color: tokens.colorNeutralForeground3 },
  run: { display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalS },
  heard: {
    position: 'absolute',
    width: '1px',
    height: '1px',
    overflow: 'hidden',
    clipPath: 'inset(50%)',
  },
})

function RuntimeName({ id }: { id: string }) {
  const { t } = useTranslation('flows')
  const styles = useStyles()
  const runtime = useRuntime(id)
  if (!runtime) return <span className={styles.quiet}>{t('runtimeGone')}</span>
  return <GoLink to={paths.runtime(id)}>{runtime.name}</GoLink>
}

/** What kind of flow it is, and what hinders it from running. */
function Standing({ flow }: { flow: RecentFlow }) {
  const styles = useStyles()
  const { t } = useTranslation(['flows', 'flow'])
  if (!flow.there) {
    return (
      <Text size={200} className={styles.gone}>
        <Warning16Regular aria-hidden="true" />
        {t('notThere')}
      </Text>
    )
  }
  if (flow.kind === null || flow.errors > 0) {
    return (
      <Text size={200} className={mergeClasses(styles.gone, styles.broken)}>
        <ErrorCircle16Regular aria-hidden="true" />
        {flow.kind === null
          ? t('unreadable')
          : `${t(`flow:flowKind.${flow.kind}`)} · ${t('errors', { count: flow.errors })}`}
      </Text>
    )
  }
  return (
    <Text size={200} className={styles.kind}>
      {t(`flow:flowKind.${flow.kind}`)}
    </Text>
  )
}

function Row({ flow, onForget }: { flow: RecentFlow; onForget: (flow: RecentFlow) => void }) {
  const styles = useStyles()
  const { t } = useTranslation('flows')
  const navigate = useNavigate()
  const told = useLiveFlowRuns().find(({ id }) => id === flow.lastRun?.id)
  const run = told ?? flow.lastRun
  const to = paths.flow(flow.flow)
  return (
    <TableRow className={styles.row} onDoubleClick={() => navigate(to)}>
      <TableCell role="rowheader" className={styles.cut} title={flow.name}>
        <GoLink to={to}>{flow.name}</GoLink>
        <Standing flow={flow} />
      </TableCell>
      <TableCell className={mergeClasses(styles.cut, styles.quiet)} title={flow.folder}>
        {cutMiddle(flow.folder, 56)}
      </TableCell>
      <TableCell className={styles.cut}>
        {flow.runtime === null ? (
          <span className={styles.quiet}>{t('noRuntime')}</span>
        ) : (
          <RuntimeName id={flow.runtime} />
        )}
      </TableCell>
      <TableCell>
        {run ? (
          <span className={styles.run}>
            <RunStateBadge state={run.state} />
            <Text size={200} className={styles.quiet}>
              <Moment time={run.started} />
            </Text>
          </span>
        ) : (
          <span className={styles.quiet}>{t('notRun')}</span>
        )}
      </TableCell>
      <TableCell>
        <Moment time={flow.opened} />
      </TableCell>
      <TableCell>
        <Menu>
          <MenuTrigger disableButtonEnhancement>
            <MenuButton
              size="small"
              appearance="subtle"
              menuIcon={null}
              icon={<MoreHorizontal20Regular />}
              aria-label={t('actionsOf', { name: flow.name })}
            />
          </MenuTrigger>
          <MenuPopover>
            <MenuList>
              <MenuItem onClick={() => navigate(to)}>{t('action.open')}</MenuItem>
              <MenuItem onClick={() => onForget(flow)}>{t('action.forget')}</MenuItem>
            </MenuList>
          </MenuPopover>
        </Menu>
      </TableCell>
    </TableRow>
  )
}

/** Flows in the order given, with what they ran on last and how that went. */
export function FlowTable({
  flows,
  onForget,
}: {
  flows: readonly RecentFlow[]
  onForget: (flow: RecentFlow) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('flows')
  return (
    <Sideways framed>
      <Table size="small" aria-label={t('table')} className={styles.table}>
        <TableHeader>
          <TableRow>
            {COLUMNS.map((column) => (
              <TableHeaderCell
                key={column}
                scope="col"
                className={mergeClasses(
                  styles.heading,
                  column !== 'name' && column !== 'folder' && styles[column],
                )}
              >
                {t(`column.${column}`)}
              </TableHeaderCell>
            ))}
            <TableHeaderCell scope="col" className={styles.menu}>
              <span className={styles.heard}>{t('column.actions')}</span>
            </TableHeaderCell>
          </TableRow>
        </TableHeader>
        <TableBody>
          {flows.map((flow) => (
            <Row key={flow.flow} flow={flow} onForget={onForget} />
          ))}
        </TableBody>
      </Table>
    </Sideways>
  )
}
