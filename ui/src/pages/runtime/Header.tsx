import { Button, Spinner, Text, Tooltip } from '@fluentui/react-components'
import {
  ArrowCircleUp20Regular,
  ArrowClockwise20Regular,
  ArrowUndo20Regular,
  Delete20Regular,
  Play20Regular,
  SearchInfo20Regular,
  Stop20Regular,
} from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import type { Runtime } from '../../backend/types'
import { StatusBadge } from '../../components/StatusBadge'
import { canDo, type ShortAction, useRuntimeActions } from './useRuntimeActions'

const icons = {
  start: <Play20Regular />,
  stop: <Stop20Regular />,
  restart: <ArrowClockwise20Regular />,
}

/** Status and reason, version and compute. */
export function HeaderFacts({ runtime }: { runtime: Runtime }) {
  const tag = runtime.image.slice(runtime.image.lastIndexOf('/') + 1)
  return (
    <>
      <StatusBadge status={runtime.status} />
      {runtime.statusReason ? <Text>{runtime.statusReason}</Text> : null}
      <Text>{`${runtime.version ?? tag} · ${runtime.computeName}`}</Text>
    </>
  )
}

/** The page's buttons; those that make no sense as the runtime stands are not there. */
export function HeaderActions({
  runtime,
  checking,
  onUpdate,
  onCheck,
  onRollBack,
  onDelete,
}: {
  runtime: Runtime
  checking: boolean
  onUpdate: () => void
  onCheck: () => void
  onRollBack: () => void
  onDelete: () => void
}) {
  const { t } = useTranslation('runtime')
  const { run } = useRuntimeActions()
  const free = runtime.operation === null && runtime.lock === null
  const shown = (['start', 'stop', 'restart'] satisfies ShortAction[]).filter((action) =>
    canDo(runtime, action),
  )
  return (
    <>
      {free ? (
        <Button
          appearance={runtime.updateAvailable ? 'primary' : 'secondary'}
          icon={<ArrowCircleUp20Regular />}
          onClick={onUpdate}
        >
          {t('action.update')}
        </Button>
      ) : null}
      <Button
        appearance="subtle"
        icon={checking ? <Spinner size="extra-tiny" /> : <SearchInfo20Regular />}
        disabledFocusable={checking}
        onClick={onCheck}
      >
        {t('action.checkVersion')}
      </Button>
      {shown.map((action) => (
        <Button
          key={action}
          appearance="subtle"
          icon={icons[action]}
          onClick={() => run(action, runtime)}
        >
          {t(`action.${action}`)}
        </Button>
      ))}
      {free && runtime.previous ? (
        <Button appearance="subtle" icon={<ArrowUndo20Regular />} onClick={onRollBack}>
          {t('action.rollBack')}
        </Button>
      ) : null}
      {free ? (
        <Tooltip content={t('delete.title', { name: runtime.name })} relationship="description">
          <Button appearance="subtle" icon={<Delete20Regular />} onClick={onDelete}>
            {t('action.delete')}
          </Button>
        </Tooltip>
      ) : null}
    </>
  )
}
