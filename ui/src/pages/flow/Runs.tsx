import {
  Button,
  Link,
  makeStyles,
  mergeClasses,
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  Text,
  Tooltip,
  tokens,
} from '@fluentui/react-components'
import { Delete20Regular, HistoryRegular } from '@fluentui/react-icons'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { FlowRun } from '../../backend/types'
import { ConfirmDialog } from '../../components/decision/ConfirmDialog'
import { EmptyState } from '../../components/EmptyState'
import { isActive, RunStateBadge, Took } from '../../components/flow/states'
import { Sideways } from '../../components/grid/Sideways'
import { SkeletonLines } from '../../components/Late'
import { Moment } from '../../components/Moment'
import { ProblemBar } from '../../components/ProblemBar'
import { formatExact } from '../../format'
import { useAction } from '../../state'
import { live } from '../../state/live'
import { chosenRow, sizes } from '../../theme'
import { useFlowPage } from './page'

const COLUMNS = ['started', 'state', 'what', 'runtime', 'version', 'took', 'tokens'] as const

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalS },
  table: { minWidth: '820px' },
  heading: { fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
  row: { height: `${sizes.gridRow}px` },
  chosen: chosenRow,
  cut: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  number: { fontVariantNumeric: 'tabular-nums' },
  started: { width: '128px' },
  menu: { width: '32px' },
  all: { alignSelf: 'flex-end' },
  heard: {
    position: 'absolute',
    width: '1px',
    height: '1px',
    overflow: 'hidden',
    clipPath: 'inset(50%)',
  },
})

/** Deletes one run, or all of the flow that have ended, after the consequence was said. */
function DeleteDialog({ run, onClose }: { run: FlowRun | null; onClose: () => void }) {
  const { t } = useTranslation('flowRun')
  const client = useQueryClient()
  const { view, runs, go } = useFlowPage()
  const one = useAction('delete_flow_run')
  const all = useAction('delete_flow_runs')
  const gone = async (ids: string[]) => {
    live.flowRuns.apply([], ids)
    go({ run: null })
    onClose()
    await client.invalidateQueries({ queryKey: ['list_flow_runs'] })
    for (const id of ids) client.removeQueries({ queryKey: ['flow_run', { run: id }] })
    client.invalidateQueries({ queryKey: ['flow', { flow: view.flow }] })
    client.invalidateQueries({ queryKey: ['list_flows'] })
  }
  const confirm = () => {
    if (run) one.mutate({ run: run.id }, { onSuccess: () => gone([run.id]) })
    else {
      const ended = (runs ?? []).filter((each) => !isActive(each)).map(({ id }) => id)
      all.mutate({ flow: view.flow }, { onSuccess: () => gone(ended) })
    }
  }
  return (
    <ConfirmDialog
      title={t(run ? 'delete.title' : 'delete.titleAll')}
      confirm={t(run ? 'delete.confirm' : 'delete.confirmAll')}
      pending={one.isPending || all.isPending}
      problem={one.error?.problem ?? all.error?.problem ?? null}
      onConfirm={confirm}
      onClose={onClose}
    >
      <Text>
        {run
          ? t('delete.body', { time: formatExact(run.started) })
          : t('delete.bodyAll', { name: view.name })}
      </Text>
    </ConfirmDialog>
  )
}

function Row({ of, onDelete }: { of: FlowRun; onDelete: (run: FlowRun) => void }) {
  const styles = useStyles()
  const { t } = useTranslation(['flowRun', 'common'])
  const { run, go } = useFlowPage()
  const none = t('common:noValue')
  const open = () => go({ run: of.id, tab: null })
  return (
    <TableRow
      className={mergeClasses(styles.row, run?.id === of.id && styles.chosen)}
      onDoubleClick={open}
    >
      <TableCell role="rowheader">
        <Link aria-current={run?.id === of.id ? 'true' : undefined} onClick={open}>
          <Moment time={of.started} />
        </Link>
      </TableCell>
      <TableCell>
        <RunStateBadge state={of.state} />
      </TableCell>
      <TableCell className={styles.cut}>
        {of.node !== null
          ? t('onlyNode', { node: of.node })
          : of.fromNode !== null
            ? t('fromNode', { node: of.fromNode })
            : t('wholeFlow')}
      </TableCell>
      <TableCell className={styles.cut} title={of.runtimeName}>
        {of.runtimeName}
      </TableCell>
      <TableCell className={styles.cut}>{of.version || none}</TableCell>
      <TableCell className={styles.number}>
        <Took of={of} over={!isActive(of)} />
      </TableCell>
      <TableCell className={styles.number}>{of.tokens?.total ?? none}</TableCell>
      <TableCell>
        {isActive(of) ? null : (
          <Tooltip
            content={t('delete.named', { time: formatExact(of.started) })}
            relationship="label"
          >
            <Button
              size="small"
              appearance="subtle"
              icon={<Delete20Regular />}
              onClick={() => onDelete(of)}
            />
          </Tooltip>
        )}
      </TableCell>
    </TableRow>
  )
}

/** Runs of this flow, newest first: one may be opened or deleted. */
export function Runs() {
  const styles = useStyles()
  const { t } = useTranslation('flowRun')
  const { runs, runsError } = useFlowPage()
  const [deleting, setDeleting] = useState<FlowRun | 'all' | null>(null)
  if (runsError) return <ProblemBar problem={runsError.problem} />
  if (!runs) return <SkeletonLines lines={4} height={28} />
  if (runs.length === 0) {
    return (
      <EmptyState icon={<HistoryRegular />} title={t('empty.title')}>
        {t('empty.history')}
      </EmptyState>
    )
  }
  return (
    <div className={styles.root}>
      <Sideways framed>
        <Table size="small" aria-label={t('history.table')} className={styles.table}>
          <TableHeader>
            <TableRow>
              {COLUMNS.map((column) => (
                <TableHeaderCell
                  key={column}
                  scope="col"
                  className={mergeClasses(styles.heading, column === 'started' && styles.started)}
                >
                  {t(`history.column.${column}`)}
                </TableHeaderCell>
              ))}
              <TableHeaderCell scope="col" className={styles.menu}>
                <span className={styles.heard}>{t('history.column.actions')}</span>
              </TableHeaderCell>
            </TableRow>
          </TableHeader>
          <TableBody>
            {runs.map((run) => (
              <Row key={run.id} of={run} onDelete={setDeleting} />
            ))}
          </TableBody>
        </Table>
      </Sideways>
      {runs.some((run) => !isActive(run)) ? (
        <Button
          size="small"
          appearance="subtle"
          className={styles.all}
          onClick={() => setDeleting('all')}
        >
          {t('delete.all')}
        </Button>
      ) : null}
      {deleting !== null ? (
        <DeleteDialog
          run={deleting === 'all' ? null : deleting}
          onClose={() => setDeleting(null)}
        />
      ) : null}
    </div>
  )
}
