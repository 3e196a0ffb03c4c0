import {
  Menu,
  MenuButton,
  MenuDivider,
  MenuItem,
  MenuItemCheckbox,
  MenuItemRadio,
  MenuList,
  MenuPopover,
  MenuTrigger,
} from '@fluentui/react-components'
import { MoreHorizontal20Regular } from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import { changeLogSettings, type Times, useLogSettings } from './settings'

/** What is wanted of a log now and then. */
export function MoreMenu({
  label,
  folded,
  onFolded,
  onSaveShown,
  onCopyCommand,
}: {
  label: string
  folded: boolean
  onFolded: (folded: boolean) => void
  /** `null` = all lines are shown. */
  onSaveShown: (() => void) | null
  /** `null` = there is none. */
  onCopyCommand: (() => void) | null
}) {
  const { t } = useTranslation('log')
  const settings = useLogSettings()
  const choose = (times: Times) => changeLogSettings({ times })
  return (
    <Menu
      checkedValues={{
        times: [settings.times],
        look: folded ? ['folded'] : [],
      }}
    >
      <MenuTrigger disableButtonEnhancement>
        <MenuButton
          size="small"
          appearance="subtle"
          menuIcon={null}
          icon={<MoreHorizontal20Regular />}
          aria-label={t('more', { label })}
        />
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuItemRadio name="times" value="local" onClick={() => choose('local')}>
            {t('timesLocal')}
          </MenuItemRadio>
          <MenuItemRadio name="times" value="utc" onClick={() => choose('utc')}>
            {t('timesUtc')}
          </MenuItemRadio>
          <MenuItemRadio name="times" value="off" onClick={() => choose('off')}>
            {t('timesOff')}
          </MenuItemRadio>
          <MenuDivider />
          <MenuItemCheckbox name="look" value="folded" onClick={() => onFolded(!folded)}>
            {t('folded')}
          </MenuItemCheckbox>
          {onSaveShown || onCopyCommand ? <MenuDivider /> : null}
          {onSaveShown ? <MenuItem onClick={onSaveShown}>{t('downloadShown')}</MenuItem> : null}
          {onCopyCommand ? <MenuItem onClick={onCopyCommand}>{t('commands')}</MenuItem> : null}
        </MenuList>
      </MenuPopover>
    </Menu>
  )
}
