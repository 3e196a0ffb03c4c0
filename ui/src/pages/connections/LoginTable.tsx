import {
  Button,
  makeStyles,
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  Text,
  tokens,
} from '@fluentui/react-components'
import { DeleteRegular, EditRegular } from '@fluentui/react-icons'
import { Fragment } from 'react'
import { useTranslation } from 'react-i18next'
import type { LoginSource, RegistryLogin } from '../../backend/types'
import { useUnder } from '../../components/useUnder'
import { RowButton } from './RowButton'
import { Trial } from './Trial'
import { useTrial } from './useTrial'

/** Windows narrower than this have no room for a column of each thing. */
const ROOM = 800

const useStyles = makeStyles({
  actions: { display: 'flex', columnGap: tokens.spacingHorizontalXS },
  trial: { paddingBlock: tokens.spacingVerticalS, height: 'auto' },
  actionColumn: { width: '156px' },
  name: { overflowWrap: 'anywhere' },
  below: { display: 'block', color: tokens.colorNeutralForeground3 },
})

/** Which logins are ours to replace and delete. */
const isOurs: Record<LoginSource, boolean> = {
  keyring: true,
  memory: true,
  keyringNotReadable: true,
  docker: false,
}

function Row({
  login,
  room,
  onReplace,
  onDelete,
}: {
  login: RegistryLogin
  /** For a column of the user's name; else it stands under the registry. */
  room: boolean
  onReplace: () => void
  onDelete: () => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('connections')
  const [trial, runTrial] = useTrial()
  const { registry, username, source } = login
  const test = () => runTrial({ registry, repository: null, username: null, password: null })
  return (
    <Fragment>
      <TableRow>
        <TableCell className={styles.name}>
          {registry}
          {room || !username ? null : (
            <Text size={200} className={styles.below}>
              {username}
            </Text>
          )}
        </TableCell>
        {room ? (
          <TableCell className={styles.name}>{username || t('usernameUnknown')}</TableCell>
        ) : null}
        <TableCell>{t(`source.${source}`)}</TableCell>
        <TableCell>
          <div className={styles.actions}>
            <Button size="small" aria-label={t('testOf', { registry })} onClick={test}>
              {t('test')}
            </Button>
            {isOurs[source] ? (
              <>
                <RowButton
                  label={t('replaceOf', { registry })}
                  icon={<EditRegular />}
                  onClick={onReplace}
                />
                <RowButton
                  label={t('deleteOf', { registry })}
                  icon={<DeleteRegular />}
                  onClick={onDelete}
                />
              </>
            ) : null}
          </div>
        </TableCell>
      </TableRow>
      {trial ? (
        <TableRow>
          <TableCell colSpan={room ? 4 : 3} className={styles.trial}>
            <Trial trial={trial} onRetry={test} />
          </TableCell>
        </TableRow>
      ) : null}
    </Fragment>
  )
}

/** The logins that are used, ours and Docker's own. */
export function LoginTable({
  logins,
  onReplace,
  onDelete,
}: {
  logins: RegistryLogin[]
  onReplace: (login: RegistryLogin) => void
  onDelete: (login: RegistryLogin) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('connections')
  const room = !useUnder(ROOM)
  return (
    <Table aria-label={t('logins')}>
      <TableHeader>
        <TableRow>
          {(['registry', 'username', 'source', 'actions'] as const)
            .filter((column) => room || column !== 'username')
            .map((column) => (
              <TableHeaderCell
                key={column}
                scope="col"
                {...(column === 'actions' ? { className: styles.actionColumn } : {})}
              >
                {t(`columns.${column}`)}
              </TableHeaderCell>
            ))}
        </TableRow>
      </TableHeader>
      <TableBody>
        {logins.map((login) => (
          <Row
            key={`${login.source} ${login.registry}`}
            login={login}
            room={room}
            onReplace={() => onReplace(login)}
            onDelete={() => onDelete(login)}
          />
        ))}
      </TableBody>
    </Table>
  )
}
