import { useTranslation } from 'react-i18next'
import type { PreviousContainer, Runtime } from '../../backend/types'
import { formatRelative } from '../../format'
import { useAction } from '../../state'
import { ConfirmDialog } from './ConfirmDialog'

/** Asks before the previous container is put back. */
export function RollBackDialog({
  runtime,
  previous,
  onClose,
}: {
  runtime: Runtime
  previous: PreviousContainer
  onClose: () => void
}) {
  const { t } = useTranslation('runtime')
  const rollBack = useAction('roll_back_runtime')
  const version = previous.version ?? previous.image
  const { name } = runtime
  const volumes = runtime.mounts
    .filter(({ kind }) => kind === 'volume' || kind === 'anonymousVolume')
    .map(({ source }) => source)
  return (
    <ConfirmDialog
      title={t('rollBack.title', { name })}
      confirm={t('rollBack.confirm')}
      pending={rollBack.isPending}
      problem={rollBack.error?.problem ?? null}
      onConfirm={() => rollBack.mutate({ runtime: runtime.id }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>
        {previous.since === null
          ? t('rollBack.bodyNoTime', { name, version })
          : t('rollBack.body', { name, version, since: formatRelative(previous.since) })}
      </p>
      {volumes.length > 0 ? <p>{t('rollBack.volumes', { names: volumes.join(', ') })}</p> : null}
    </ConfirmDialog>
  )
}
