import { Text } from '@fluentui/react-components'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { call, type ProblemError } from '../../backend'
import type { Batch } from '../../backend/types'
import { formatBytes } from '../../format'
import { live } from '../../state/live'
import { ConfirmDialog } from '../decision/ConfirmDialog'

/** Deletes batch runs after the consequence was said. */
export function DeleteBatches({
  batches,
  takenBy = [],
  onGone,
  onClose,
}: {
  batches: readonly Batch[]
  /** Names of those that took values from it. */
  takenBy?: readonly string[]
  onGone: () => void
  onClose: () => void
}) {
  const { t } = useTranslation('batch')
  const client = useQueryClient()
  const remove = useMutation<void, ProblemError>({
    mutationFn: async () => {
      for (const { id } of batches) {
        await call('delete_batch', { batch: id })
        live.batches.apply([], [id])
      }
    },
    onSuccess: onGone,
    // Some may be gone though another one is not.
    onSettled: () => client.invalidateQueries({ queryKey: ['list_batches'] }),
  })
  const count = batches.length
  const [only] = batches
  const size = formatBytes(batches.reduce((sum, { bytes }) => sum + bytes, 0))
  const one = count === 1 && only !== undefined
  return (
    <ConfirmDialog
      title={one ? t('delete.title') : t('delete.titleMany', { count })}
      confirm={one ? t('delete.confirm') : t('delete.confirmMany', { count })}
      pending={remove.isPending}
      problem={remove.error?.problem ?? null}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <Text block>
        {one ? t('delete.body', { name: only.name, size }) : t('delete.bodyMany', { size })}
      </Text>
      {takenBy.length > 0 ? (
        <Text block>{t('delete.takenBy', { names: takenBy.join(', ') })}</Text>
      ) : null}
    </ConfirmDialog>
  )
}
