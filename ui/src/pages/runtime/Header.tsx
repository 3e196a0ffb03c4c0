import {
  Badge,
  Button,
  makeStyles,
  Spinner,
  Text,
  Tooltip,
  tokens,
} from '@fluentui/react-components'
import { ArrowCircleUp20Regular } from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import type { Runtime } from '../../backend/types'
import { namedTitle } from '../../components/environment/named'
import { StatusBadge } from '../../components/StatusBadge'
import { canDo, type ShortAction, useRuntimeActions } from './useRuntimeActions'

const useStyles = makeStyles({
  short: { minWidth: 'auto', paddingInline: tokens.spacingHorizontalS },
})

/** Status and reason, version and compute. */
export function HeaderFacts({ runtime }: { runtime: Runtime }) {
  const { t } = useTranslation('adopt')
  const tag = runtime.image.slice(runtime.image.lastIndexOf('/') + 1)
  return (
    <>
      <StatusBadge status={runtime.status} />
      {runtime.adopted === null ? null : (
        <Badge appearance="tint" color="informative">
          {t('badge')}
        </Badge>
      )}
      {runtime.statusReason ? <Text>{runtime.statusReason}</Text> : null}
      <Text>{`${namedTitle(runtime) ?? runtime.version ?? tag} · ${runtime.computeName}`}</Text>
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
  onManage,
  onRemove,
}: {
  runtime: Runtime
  checking: boolean
  onUpdate: () => void
  onCheck: () => void
  onRollBack: () => void
  onManage: () => void
  /** Deletes, or releases what was only adopted. */
  onRemove: () => void
}) {
  const { t } = useTranslation(['runtime', 'adopt'])
  const styles = useStyles()
  const { run } = useRuntimeActions()
  const free = runtime.operation === null && runtime.lock === null
  const adopted = runtime.adopted !== null
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
        className={styles.short}
        {...(checking ? { icon: <Spinner size="extra-tiny" aria-hidden="true" /> } : {})}
        disabledFocusable={checking}
        onClick={onCheck}
      >
        {t('action.checkVersion')}
      </Button>
      {shown.map((action) => (
        <Button
          key={action}
          appearance="subtle"
          className={styles.short}
          onClick={() => run(action, runtime)}
        >
          {t(`action.${action}`)}
        </Button>
      ))}
      {free && runtime.previous ? (
        <Button appearance="subtle" className={styles.short} onClick={onRollBack}>
          {t('action.rollBack')}
        </Button>
      ) : null}
      {free && adopted ? (
        <Button appearance="subtle" className={styles.short} onClick={onManage}>
          {t('adopt:action.manage')}
        </Button>
      ) : null}
      {free ? (
        <Tooltip
          content={t(adopted ? 'adopt:release.title' : 'delete.title', { name: runtime.name })}
          relationship="description"
        >
          <Button appearance="subtle" className={styles.short} onClick={onRemove}>
            {t(adopted ? 'adopt:action.release' : 'action.delete')}
          </Button>
        </Tooltip>
      ) : null}
    </>
  )
}
