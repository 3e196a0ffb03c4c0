import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { EnvironmentView } from '../../backend/types'
import { ConfirmDialog } from '../../components/decision/ConfirmDialog'
import { useAction } from '../../state'

/** Explains what it means to own the Dockerfile, and does it. */
export function TakeOverDialog({
  environment,
  onClose,
}: {
  environment: EnvironmentView
  onClose: () => void
}) {
  const { t } = useTranslation('environmentDetail')
  const client = useQueryClient()
  const take = useAction('take_over_dockerfile')
  const { id, name } = environment
  return (
    <ConfirmDialog
      title={t('takeOver.title', { name })}
      confirm={t('takeOver.confirm')}
      pending={take.isPending}
      problem={take.error?.problem ?? null}
      onClose={onClose}
      onConfirm={() =>
        take.mutate(
          { environment: id },
          {
            onSuccess: () => {
              client.invalidateQueries({ queryKey: ['list_environments'] })
              onClose()
            },
          },
        )
      }
    >
      <p>{t('takeOver.body')}</p>
      <p>{t('takeOver.consequence')}</p>
    </ConfirmDialog>
  )
}
