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
import type { Runtime } from '../../backend/types'
import { live } from '../../state/live'
import { canDo, useRuntimeActions } from '../runtime/useRuntimeActions'

/** What can be done with a row's runtime; only what makes sense as it stands. */
export function RowMenu({
  runtime,
  open,
  onOpenChange,
  onDelete,
}: {
  runtime: Runtime
  open: boolean
  onOpenChange: (open: boolean) => void
  /** Deletes, or releases what was only adopted. */
  onDelete: (runtime: Runtime) => void
}) {
  const { t } = useTranslation('runtimes')
  const navigate = useNavigate()
  const { run } = useRuntimeActions()
  const free = runtime.operation === null && runtime.lock === null
  const adopted = runtime.adopted !== null
  const operation = runtime.operation ? live.operations.get(runtime.operation) : undefined
  return (
    <Menu open={open} onOpenChange={(_, data) => onOpenChange(data.open)}>
      <MenuTrigger disableButtonEnhancement>
        <MenuButton
          size="small"
          appearance="subtle"
          menuIcon={null}
          icon={<MoreHorizontal20Regular />}
          aria-label={t('actionsOf', { name: runtime.name })}
        />
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuItem onClick={() => navigate(paths.runtime(runtime.id))}>
            {t('action.open')}
          </MenuItem>
          {operation ? (
            <MenuItem onClick={() => navigate(paths.operation(operation))}>
              {t('action.progress')}
            </MenuItem>
          ) : null}
          {free ? (
            <MenuItem onClick={() => navigate(paths.update(runtime.id))}>
              {t('action.update')}
            </MenuItem>
          ) : null}
          {(['start', 'stop', 'restart'] as const)
            .filter((action) => canDo(runtime, action))
            .map((action) => (
              <MenuItem key={action} onClick={() => run(action, runtime)}>
                {t(`action.${action}`)}
              </MenuItem>
            ))}
          <MenuItem onClick={() => navigate(paths.runtime(runtime.id, 'logs'))}>
            {t('action.logs')}
          </MenuItem>
          {free ? (
            <>
              <MenuDivider />
              {adopted ? (
                <MenuItem onClick={() => navigate(paths.manage(runtime.id))}>
                  {t('action.manage')}
                </MenuItem>
              ) : null}
              <MenuItem onClick={() => onDelete(runtime)}>
                {t(adopted ? 'action.release' : 'action.delete')}
              </MenuItem>
            </>
          ) : null}
        </MenuList>
      </MenuPopover>
    </Menu>
  )
}
