import {
  Menu,
  MenuButton,
  MenuDivider,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
} from '@fluentui/react-components'
import { MoreHorizontal20Regular } from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import type { EnvironmentView } from '../../backend/types'
import { useLiveOperations } from '../../state'
import { isBusy } from '../environment/state'

/** What can be done with a row's environment; only what makes sense as it stands. */
export function RowMenu({
  environment,
  onDuplicate,
  onDelete,
}: {
  environment: EnvironmentView
  onDuplicate: () => void
  onDelete: () => void
}) {
  const { t } = useTranslation('environments')
  const navigate = useNavigate()
  const { id, name } = environment
  const busy = isBusy(environment, useLiveOperations())
  return (
    <Menu>
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
          {busy ? (
            <MenuItem onClick={() => navigate(paths.environment(id, 'build'))}>
              {t('action.progress')}
            </MenuItem>
          ) : (
            <>
              <MenuItem onClick={() => navigate(paths.buildEnvironment(id))}>
                {t('action.build')}
              </MenuItem>
              <MenuItem onClick={() => navigate(paths.editEnvironment(id))}>
                {t('action.edit')}
              </MenuItem>
            </>
          )}
          <MenuItem onClick={onDuplicate}>{t('action.duplicate')}</MenuItem>
          {busy ? null : (
            <>
              <MenuDivider />
              <MenuItem onClick={onDelete}>{t('action.delete')}</MenuItem>
            </>
          )}
        </MenuList>
      </MenuPopover>
    </Menu>
  )
}
