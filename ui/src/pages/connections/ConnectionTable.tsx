import {
  Button,
  makeStyles,
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  tokens,
} from '@fluentui/react-components'
import { Fragment } from 'react'
import { useTranslation } from 'react-i18next'
import { call, problemOf } from '../../backend'
import type { ConnectionView, SecretState } from '../../backend/types'
import { useNotify } from '../../components/notify'
import { ToneMark } from '../../components/StatusBadge'
import type { Tone } from '../../theme'
import { ConnectionTrial } from './ConnectionTrial'
import { useConnectionTrial } from './useConnectionTrial'

const useStyles = makeStyles({
  scroll: { overflowX: 'auto' },
  table: { minWidth: '1000px' },
  actions: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalXS },
  trial: { paddingBlock: tokens.spacingVerticalS, height: 'auto' },
  name: { overflowWrap: 'anywhere', userSelect: 'text' },
  quiet: { color: tokens.colorNeutralForeground3 },
  nameColumn: { width: '176px' },
  type: { width: '160px' },
  secret: { width: '160px' },
  actionColumn: { width: '288px' },
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
  onEdit,
  onDelete,
}: {
  view: ConnectionView
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
  const buttons = [
    ['edit', t('editOf', { name }), onEdit],
    ['export', t('exportOf', { name }), exportIt],
    ['delete', t('deleteOf', { name }), onDelete],
  ] as const
  return (
    <Fragment>
      <TableRow>
        <TableCell role="rowheader" className={styles.name}>
          {name}
        </TableCell>
        <TableCell>{t(`type.${type}`)}</TableCell>
        <TableCell className={styles.name}>
          {endpoint ?? <span className={styles.quiet}>{t('noEndpoint')}</span>}
        </TableCell>
        <TableCell>
          <ToneMark tone={tones[secret]}>{t(`state.${secret}`)}</ToneMark>
        </TableCell>
        <TableCell>
          <div className={styles.actions}>
            <Button size="small" aria-label={t('testOf', { name })} onClick={test}>
              {t('test')}
            </Button>
            {buttons.map(([action, label, does]) => (
              <Button
                key={action}
                size="small"
                appearance="subtle"
                aria-label={label}
                onClick={does}
              >
                {t(action)}
              </Button>
            ))}
          </div>
        </TableCell>
      </TableRow>
      {trial ? (
        <TableRow>
          <TableCell colSpan={5} className={styles.trial}>
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
  return (
    <div className={styles.scroll}>
      <Table aria-label={t('table')} className={styles.table}>
        <TableHeader>
          <TableRow>
            {(
              [
                ['name', styles.nameColumn],
                ['type', styles.type],
                ['endpoint', undefined],
                ['secret', styles.secret],
                ['actions', styles.actionColumn],
              ] as const
            ).map(([column, width]) => (
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
              onEdit={() => onEdit(view)}
              onDelete={() => onDelete(view.connection.name)}
            />
          ))}
        </TableBody>
      </Table>
    </div>
  )
}
