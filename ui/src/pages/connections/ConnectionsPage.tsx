import { Button } from '@fluentui/react-components'
import { AddRegular, ArrowImportRegular } from '@fluentui/react-icons'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Page } from '../../components/Page'
import { useAsk } from '../../state'
import { addConnection, FlowConnections, type OpenDialog } from './FlowConnections'
import { Keyring } from './Keyring'
import { RegistryLogins } from './RegistryLogins'
import { useSectionStyles } from './sectionStyles'

/** How secrets are kept, the connections of flows, and logins for registries. */
export default function ConnectionsPage() {
  const styles = useSectionStyles()
  const { t } = useTranslation(['flowConnections', 'connections'])
  const [dialog, setDialog] = useState<OpenDialog | null>(null)
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
