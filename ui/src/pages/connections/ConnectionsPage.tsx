import { Button, makeStyles, Subtitle1, Text, tokens } from '@fluentui/react-components'
import { AddRegular, KeyRegular } from '@fluentui/react-icons'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import type { RegistryLogins } from '../../backend/types'
import { EmptyState } from '../../components/EmptyState'
import { SkeletonLines } from '../../components/Late'
import { Page } from '../../components/Page'
import { ProblemBar } from '../../components/ProblemBar'
import { useAsk } from '../../state'
import { sizes } from '../../theme'
import { DeleteLoginDialog } from './DeleteLoginDialog'
import { Keyring } from './Keyring'
import { LoginDialog, type LoginRequest } from './LoginDialog'
import { LoginTable } from './LoginTable'

const useStyles = makeStyles({
  section: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalM,
    maxWidth: sizes.readingWidth,
  },
  heading: { margin: 0 },
  purpose: { color: tokens.colorNeutralForeground2 },
})

/** What the dialog begins with for a registry that was named elsewhere. */
function requestFor(registry: string, logins: RegistryLogins | undefined): LoginRequest {
  const kept = logins?.logins.find(
    (login) => login.registry === registry && login.source !== 'docker',
  )
  return { registry, username: kept?.username ?? '', replaces: kept !== undefined }
}

/** Registry logins: how passwords are kept, and which there are. */
export default function ConnectionsPage() {
  const styles = useStyles()
  const { t } = useTranslation('connections')
  const heading = useId()
  const [query, setQuery] = useSearchParams()
  const { data, error, refetch } = useAsk('registry_logins', {}, { staleTime: 0 })
  const [editing, setEditing] = useState<LoginRequest | null>(null)
  const [deleting, setDeleting] = useState<string | null>(null)
  const named = query.get('registry')
  // Which login is replaced is known only once the logins are.
  const asked = named !== null && (data || error) ? requestFor(named, data) : null
  const request = editing ?? asked
  const close = () => {
    setEditing(null)
    if (named !== null) setQuery({}, { replace: true })
  }
  const add = () => setEditing({ registry: '', username: '', replaces: false })
  const keyring = data?.keyring
  return (
    <Page
      heading={t('heading')}
      actions={
        <Button appearance="primary" icon={<AddRegular />} onClick={add}>
          {t('add')}
        </Button>
      }
    >
      <section aria-labelledby={heading} className={styles.section}>
        <Subtitle1 as="h2" id={heading} className={styles.heading}>
          {t('logins')}
        </Subtitle1>
        <Text className={styles.purpose}>{t('purpose')}</Text>
        {error ? <ProblemBar problem={error.problem} onRetry={() => refetch()} /> : null}
        {!data && !error ? <SkeletonLines lines={4} height={36} /> : null}
        {keyring ? <Keyring keyring={keyring} /> : null}
        {data && data.logins.length === 0 ? (
          <EmptyState
            icon={<KeyRegular />}
            title={t('empty')}
            action={<Button onClick={add}>{t('add')}</Button>}
          >
            {t('emptyBody')}
          </EmptyState>
        ) : null}
        {data && data.logins.length > 0 ? (
          <LoginTable
            logins={data.logins}
            onReplace={({ registry, username }) =>
              setEditing({ registry, username, replaces: true })
            }
            onDelete={({ registry }) => setDeleting(registry)}
          />
        ) : null}
      </section>
      {request ? (
        <LoginDialog
          key={request.registry}
          request={request}
          memoryOnly={
            keyring !== undefined && keyring.state !== 'available' && keyring.memoryAllowed
          }
          onClose={close}
        />
      ) : null}
      {deleting !== null ? (
        <DeleteLoginDialog registry={deleting} onClose={() => setDeleting(null)} />
      ) : null}
    </Page>
  )
}
