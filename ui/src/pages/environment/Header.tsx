import {
  Button,
  Menu,
  MenuButton,
  MenuDivider,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Spinner,
  Text,
} from '@fluentui/react-components'
import { MoreHorizontal20Regular } from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import type { EnvironmentView } from '../../backend/types'
import { useLiveOperations } from '../../state'
import { StateBadge } from './StateBadge'
import { isBusy } from './state'

/** State and kind. */
export function HeaderFacts({ environment }: { environment: EnvironmentView }) {
  const { t } = useTranslation('environments')
  return (
    <>
      <StateBadge environment={environment} />
      <Text>{t(`kind.${environment.source.kind}`)}</Text>
    </>
  )
}

/** The page's buttons; those that make no sense as the environment stands are not there. */
export function HeaderActions({
  environment,
  checking,
  onBuild,
  onDuplicate,
  onDelete,
  onCheckBases,
  onTakeOver,
}: {
  environment: EnvironmentView
  /** Newer bases are being asked about. */
  checking: boolean
  onBuild: () => void
  onDuplicate: () => void
  onDelete: () => void
  onCheckBases: () => void
  onTakeOver: () => void
}) {
  const { t } = useTranslation('environmentDetail')
  const navigate = useNavigate()
  const busy = isBusy(environment, useLiveOperations())
  return (
    <>
      {busy ? null : (
        <>
          <Button appearance="primary" onClick={onBuild}>
            {t('action.build')}
          </Button>
          <Button onClick={() => navigate(paths.editEnvironment(environment.id))}>
            {t('action.edit')}
          </Button>
        </>
      )}
      <Menu>
        <MenuTrigger disableButtonEnhancement>
          <MenuButton
            appearance="subtle"
            menuIcon={null}
            icon={
              checking ? (
                <Spinner size="extra-tiny" aria-hidden="true" />
              ) : (
                <MoreHorizontal20Regular />
              )
            }
            aria-label={t('action.more')}
          />
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            <MenuItem onClick={onDuplicate}>{t('action.duplicate')}</MenuItem>
            {environment.versions.length > 0 ? (
              <MenuItem disabled={checking} onClick={onCheckBases}>
                {t('action.checkBases')}
              </MenuItem>
            ) : null}
            {environment.source.kind === 'packages' && !busy ? (
              <MenuItem onClick={onTakeOver}>{t('action.takeOver')}</MenuItem>
            ) : null}
            {busy ? null : (
              <>
                <MenuDivider />
                <MenuItem onClick={onDelete}>{t('action.delete')}</MenuItem>
              </>
            )}
          </MenuList>
        </MenuPopover>
      </Menu>
    </>
  )
}
