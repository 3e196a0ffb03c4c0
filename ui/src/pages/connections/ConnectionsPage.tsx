import { Button } from '@fluentui/react-components'
import { AddRegular, ArrowImportRegular } from '@fluentui/react-icons'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import type { ConnectionType } from '../../backend/types'
import { Page } from '../../components/Page'
import { useAsk } from '../../state'
import { addConnection, FlowConnections, type OpenDialog } from './FlowConnections'
import { Keyring } from './Keyring'
import { RegistryLogins } from './RegistryLogins'
import { useSectionStyles } from './sectionStyles'

/** The form for a new connection when the address asks for it; an unknown type counts as none. */
function useAsked(types: readonly { type: ConnectionType }[] | undefined): OpenDialog | null {
  const [query] = useSearchParams()
  const name = query.get('add')
  const wanted = query.get('type')
  return useMemo(() => {
    if (name === null || types === undefined) return null
    const type = types.find((one) => one.type === wanted)?.type ?? null
    return { kind: 'form', request: { original: null, found: null, proposed: { name, type } } }
  }, [name, wanted, types])
}

/** How secrets are kept, the connections of flows, and logins for registries. */
export default function ConnectionsPage() {
  const styles = useSectionStyles()
  const { t } = useTranslation(['flowConnections', 'connections'])
  const [query, setQuery] = useSearchParams()
  const [opened, setOpened] = useState<OpenDialog | null>(null)
  const asked = useAsked(useAsk('list_connections', {}, { staleTime: 0 }).data?.types)
  const dialog = opened ?? asked
  const setDialog = (next: OpenDialog | null) => {
    setOpened(next)
    if (query.has('add')) setQuery({}, { replace: true })
  }
  const keyring = useAsk('registry_logins', {}, { staleTime: 0 }).data?.keyring
  const memoryOnly = keyring !== undefined && keyring.state !== 'available' && keyring.memoryAllowed
  return (
    <Page
      heading={t('connections:heading')}
      actions={
        <>
          <Button icon={<ArrowImportRegular />} onClick={() => setDialog({ kind: 'import' })}>
            {t('import')}
          </Button>
          <Button
            appearance="primary"
            icon={<AddRegular />}
            onClick={() => setDialog(addConnection)}
          >
            {t('add')}
          </Button>
        </>
      }
    >
      <div className={styles.page}>
        {keyring ? <Keyring keyring={keyring} /> : null}
        <FlowConnections memoryOnly={memoryOnly} dialog={dialog} onDialog={setDialog} />
        <RegistryLogins memoryOnly={memoryOnly} />
      </div>
    </Page>
  )
}
