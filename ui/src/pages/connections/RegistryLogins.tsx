import { Button, Subtitle1, Text } from '@fluentui/react-components'
import { AddRegular, KeyRegular } from '@fluentui/react-icons'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import type { RegistryLogins as Logins } from '../../backend/types'
import { EmptyState } from '../../components/EmptyState'
import { SkeletonLines } from '../../components/Late'
import { ProblemBar } from '../../components/ProblemBar'
import { useAsk } from '../../state'
import { DeleteLoginDialog } from './DeleteLoginDialog'
import { LoginDialog, type LoginRequest } from './LoginDialog'
import { LoginTable } from './LoginTable'
import { useSectionStyles } from './sectionStyles'

/** What the dialog begins with for a registry that was named elsewhere. */
function requestFor(registry: string, logins: Logins | undefined): LoginRequest {
  const kept = logins?.logins.find(
    (login) => login.registry === registry && login.source !== 'docker',
  )
  return { registry, username: kept?.username ?? '', replaces: kept !== undefined }
}

/** Logins for image registries, ours and Docker's own. */
export function RegistryLogins({ memoryOnly }: { memoryOnly: boolean }) {
  const styles = useSectionStyles()
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
  return (
    <section aria-labelledby={heading} className={styles.section}>
      <div className={styles.head}>
        <Subtitle1 as="h2" id={heading} className={styles.heading}>
          {t('logins')}
        </Subtitle1>
        <Button icon={<AddRegular />} onClick={add}>
          {t('add')}
        </Button>
      </div>
      <Text className={styles.purpose}>{t('purpose')}</Text>
      {error ? <ProblemBar problem={error.problem} onRetry={() => refetch()} /> : null}
      {!data && !error ? <SkeletonLines lines={4} height={36} /> : null}
      {data && data.logins.length === 0 ? (
        <EmptyState icon={<KeyRegular />} title={t('empty')}>
          {t('emptyBody')}
        </EmptyState>
      ) : null}
      {data && data.logins.length > 0 ? (
        <LoginTable
          logins={data.logins}
          onReplace={({ registry, username }) => setEditing({ registry, username, replaces: true })}
          onDelete={({ registry }) => setDeleting(registry)}
        />
      ) : null}
      {request ? (
        <LoginDialog
          key={request.registry}
          request={request}
          memoryOnly={memoryOnly}
          onClose={close}
        />
      ) : null}
      {deleting !== null ? (
        <DeleteLoginDialog registry={deleting} onClose={() => setDeleting(null)} />
      ) : null}
    </section>
  )
}
