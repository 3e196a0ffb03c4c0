import {
  Checkbox,
  Menu,
  MenuButton,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  makeStyles,
  tokens,
} from '@fluentui/react-components'
import { MoreHorizontal20Regular } from '@fluentui/react-icons'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import type { Batch } from '../../backend/types'
import { formatBytes, formatCount } from '../../format'
import { GoLink } from '../GoLink'
import { type GridColumn, VirtualGrid } from '../grid/VirtualGrid'
import { Lasting, Moment } from '../Moment'
import { BatchStateBadge, isOver } from './states'
import { metricsInOneLine, runtimesInOneLine } from './words'

const useStyles = makeStyles({
  cut: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap', minWidth: 0 },
  name: { display: 'block', minWidth: 0 },
  quiet: { color: tokens.colorNeutralForeground3 },
  heard: {
    position: 'absolute',
    width: '1px',
    height: '1px',
    overflow: 'hidden',
    clipPath: 'inset(50%)',
  },
})

/** How many rows have ended, and how many of them failed. */
export function useRowWords(): (batch: Batch) => string {
  const { t } = useTranslation('batches')
  return ({ rows, completed, failed }) => {
    const ended = formatCount(completed + failed)
    if (rows === null) return t('rowsCounting', { ended })
    const words = { ended, rows: formatCount(rows), failed: formatCount(failed) }
    return t(failed > 0 ? 'rowsFailed' : 'rows', words)
  }
}

/** Batch runs in the order given; several can be chosen. */
export function BatchGrid({
  batches,
  ofOneFlow = false,
  chosen,
  onChoose,
  onDelete,
  fills = false,
}: {
  batches: readonly Batch[]
  /** They are all of one flow, which needs no column then. */
  ofOneFlow?: boolean
  chosen: ReadonlySet<string>
  onChoose: (batch: string, chosen: boolean) => void
  onDelete: (batch: Batch) => void
  fills?: boolean
}) {
  const styles = useStyles()
  const { t } = useTranslation('batches')
  const navigate = useNavigate()
  const rowWords = useRowWords()
  const heard = (words: string) => <span className={styles.heard}>{words}</span>
  const columns: GridColumn[] = [
    { key: 'choose', heading: heard(t('column.choose')), width: 36 },
    { key: 'name', heading: t('column.name'), width: 128, grows: true },
    ...(ofOneFlow ? [] : [{ key: 'flow', heading: t('column.flow'), width: 80, grows: true }]),
    { key: 'state', heading: t('column.state'), width: 106 },
    { key: 'rows', heading: t('column.rows'), width: 186 },
    { key: 'metrics', heading: t('column.metrics'), width: 88, grows: true },
    { key: 'runtimes', heading: t('column.runtimes'), width: 84, grows: true },
    { key: 'started', heading: t('column.started'), width: 122 },
    { key: 'took', heading: t('column.took'), width: 88 },
    { key: 'bytes', heading: t('column.bytes'), width: 64, number: true },
    { key: 'actions', heading: heard(t('column.actions')), width: 36 },
  ]
  const cell = (text: string) => (
    <span className={styles.cut} title={text}>
      {text}
    </span>
  )
  const cells = (index: number): ReactNode[] | null => {
    const batch = batches[index]
    if (!batch) return null
    const { id, name, flow, flowName, state, started, ended, bytes } = batch
    return [
      <Checkbox
        key="choose"
        aria-label={t('choose', { name })}
        checked={chosen.has(id)}
        onChange={(_, { checked }) => onChoose(id, checked === true)}
      />,
      <span key="name" className={styles.cut} title={name}>
        <GoLink to={paths.batch(id)}>{name}</GoLink>
      </span>,
      ...(ofOneFlow
        ? []
        : [
            <span key="flow" className={styles.cut} title={flow}>
              <GoLink to={paths.flow(flow)}>{flowName}</GoLink>
            </span>,
          ]),
      <BatchStateBadge key="state" state={state} />,
      cell(rowWords(batch)),
      cell(metricsInOneLine(batch)),
      cell(runtimesInOneLine(batch)),
      <span key="started" className={styles.cut}>
        <Moment time={started} />
      </span>,
      state === 'queued' || state === 'paused' ? null : (
        <span key="took" className={styles.cut}>
          <Lasting from={started} to={ended} />
        </span>
      ),
      formatBytes(bytes),
      <Menu key="actions">
        <MenuTrigger disableButtonEnhancement>
          <MenuButton
            size="small"
            appearance="subtle"
            menuIcon={null}
            icon={<MoreHorizontal20Regular />}
            aria-label={t('actionsOf', { name })}
          />
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            <MenuItem onClick={() => navigate(paths.batch(id))}>{t('action.open')}</MenuItem>
            <MenuItem onClick={() => navigate(paths.newBatch(flow, { from: id }))}>
              {t('action.runAgain')}
            </MenuItem>
            {isOver(batch) || state === 'paused' ? (
              <MenuItem onClick={() => onDelete(batch)}>{t('action.delete')}</MenuItem>
            ) : null}
          </MenuList>
        </MenuPopover>
      </Menu>,
    ]
  }
  return (
    <VirtualGrid
      label={t('table')}
      columns={columns}
      count={batches.length}
      rowKey={(index) => batches[index]?.id ?? index}
      cells={cells}
      chosen={(index) => chosen.has(batches[index]?.id ?? '')}
      onOpen={(index) => {
        const batch = batches[index]
        if (batch) navigate(paths.batch(batch.id))
      }}
      fills={fills}
    />
  )
}
