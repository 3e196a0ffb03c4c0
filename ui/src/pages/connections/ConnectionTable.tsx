import {
  Button,
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
import { ArrowExportRegular, DeleteRegular, EditRegular } from '@fluentui/react-icons'
import { Fragment } from 'react'
import { useTranslation } from 'react-i18next'
import { call, problemOf } from '../../backend'
import type { ConnectionView, SecretState } from '../../backend/types'
import { useNotify } from '../../components/notify'
import { ToneMark } from '../../components/StatusBadge'
import { useUnder } from '../../components/useUnder'
import type { Tone } from '../../theme'
import { ConnectionTrial } from './ConnectionTrial'
import { RowButton } from './RowButton'
import { useConnectionTrial } from './useConnectionTrial'

/** Windows narrower than this have no room for a column of each thing. */
const ROOM = 1130

const useStyles = makeStyles({
  actions: { display: 'flex', columnGap: tokens.spacingHorizontalXS },
  trial: { paddingBlock: tokens.spacingVerticalS, height: 'auto' },
  name: { overflowWrap: 'anywhere', userSelect: 'text' },
  cut: {
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
    userSelect: 'text',
  },
  below: { display: 'block' },
  quiet: { color: tokens.colorNeutralForeground3 },
  nameColumn: { width: '20%' },
  type: { width: '16%' },
  secret: { width: '160px' },
  actionColumn: { width: '156px' },
})

/** How each state of a secret looks. */
const tones: Record<SecretState, Tone> = {
  keyring: 'good',
  memory: 'quiet',
  notReadable: 'warning',
  missing: 'bad',
}

function Row({
  view,
  room,
  onEdit,
  onDelete,
}: {
  view: ConnectionView
  /** For a column of each thing; else type and endpoint stand under the name. */
  room: boolean
  onEdit: () => void
  onDelete: () => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('flowConnections')
  const notify = useNotify()
  const { trial, run } = useConnectionTrial()
  const { connection, endpoint, secret } = view
  const { name, type } = connection
  const test = () => run({ original: name, draft: null, secrets: {}, file: null })
  const exportIt = () =>
    call('export_connection', { name }).then(
      ({ path }) => notify.show({ intent: 'success', title: t('exported'), body: path }),
      (error) => notify.problem(problemOf(error), t('exportFailed')),
    )
  return (
    <Fragment>
      <TableRow>
        <TableCell role="rowheader" className={styles.name}>
          {name}
          {room ? null : (
            <Text
              size={200}
              className={mergeClasses(styles.cut, styles.below, styles.quiet)}
              {...(endpoint ? { title: endpoint } : {})}
            >
              {[t(`type.${type}`), endpoint].filter(Boolean).join(' · ')}
            </Text>
          )}
        </TableCell>
        {room ? (
          <>
            <TableCell>{t(`type.${type}`)}</TableCell>
            <TableCell className={styles.cut} {...(endpoint ? { title: endpoint } : {})}>
              {endpoint ?? <span className={styles.quiet}>{t('noEndpoint')}</span>}
            </TableCell>
          </>
        ) : null}
        <TableCell>
          <ToneMark tone={tones[secret]}>{t(`state.${secret}`)}</ToneMark>
        </TableCell>
        <TableCell>
          <div className={styles.actions}>
            <Button size="small" aria-label={t('testOf', { name })} onClick={test}>
              {t('test')}
            </Button>
            <RowButton label={t('editOf', { name })} icon={<EditRegular />} onClick={onEdit} />
            <RowButton
              label={t('exportOf', { name })}
              icon={<ArrowExportRegular />}
              onClick={exportIt}
            />
            <RowButton
              label={t('deleteOf', { name })}
              icon={<DeleteRegular />}
              onClick={onDelete}
            />
          </div>
        </TableCell>
      </TableRow>
      {trial ? (
        <TableRow>
          <TableCell colSpan={room ? 5 : 3} className={styles.trial}>
            <ConnectionTrial name={name} trial={trial} onRetry={test} />
          </TableCell>
        </TableRow>
      ) : null}
    </Fragment>
  )
}

/** The connections that flows may use. */
export function ConnectionTable({
  connections,
  onEdit,
  onDelete,
}: {
  connections: readonly ConnectionView[]
  onEdit: (connection: ConnectionView) => void
  onDelete: (name: string) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('flowConnections')
  const room = !useUnder(ROOM)
  const columns = [
    ['name', room ? styles.nameColumn : undefined],
    ['type', styles.type],
    ['endpoint', undefined],
    ['secret', styles.secret],
    ['actions', styles.actionColumn],
  ] as const
  return (
    <Table aria-label={t('table')}>
      <TableHeader>
        <TableRow>
          {columns
            .filter(([column]) => room || (column !== 'type' && column !== 'endpoint'))
            .map(([column, width]) => (
              <TableHeaderCell key={column} scope="col" {...(width ? { className: width } : {})}>
                {t(`column.${column}`)}
              </TableHeaderCell>
            ))}
        </TableRow>
      </TableHeader>
      <TableBody>
        {connections.map((view) => (
          <Row
            key={view.connection.name}
            view={view}
            room={room}
            onEdit={() => onEdit(view)}
            onDelete={() => onDelete(view.connection.name)}
          />
        ))}
      </TableBody>
    </Table>
  )
}
