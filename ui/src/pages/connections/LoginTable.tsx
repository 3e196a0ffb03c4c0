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
import type { LoginSource, RegistryLogin } from '../../backend/types'
import { Trial } from './Trial'
import { useTrial } from './useTrial'

const useStyles = makeStyles({
  scroll: { overflowX: 'auto' },
  actions: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalXS },
  trial: { paddingBlock: tokens.spacingVerticalS, height: 'auto' },
  actionColumn: { width: '232px' },
  name: { overflowWrap: 'anywhere' },
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
  onReplace,
  onDelete,
}: {
  login: RegistryLogin
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
        <TableCell className={styles.name}>{registry}</TableCell>
        <TableCell className={styles.name}>{username || t('usernameUnknown')}</TableCell>
        <TableCell>{t(`source.${source}`)}</TableCell>
        <TableCell>
          <div className={styles.actions}>
            <Button size="small" aria-label={t('testOf', { registry })} onClick={test}>
              {t('test')}
            </Button>
            {isOurs[source] ? (
              <>
                <Button
                  size="small"
                  appearance="subtle"
                  aria-label={t('replaceOf', { registry })}
                  onClick={onReplace}
                >
                  {t('replace')}
                </Button>
                <Button
                  size="small"
                  appearance="subtle"
                  aria-label={t('deleteOf', { registry })}
                  onClick={onDelete}
                >
                  {t('delete')}
                </Button>
              </>
            ) : null}
          </div>
        </TableCell>
      </TableRow>
      {trial ? (
        <TableRow>
          <TableCell colSpan={4} className={styles.trial}>
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
  return (
    <div className={styles.scroll}>
      <Table aria-label={t('logins')}>
        <TableHeader>
          <TableRow>
            {(['registry', 'username', 'source', 'actions'] as const).map((column) => (
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
              onReplace={() => onReplace(login)}
              onDelete={() => onDelete(login)}
            />
          ))}
        </TableBody>
      </Table>
    </div>
  )
}
