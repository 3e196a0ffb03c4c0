import { Text } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { ConfirmDialog } from '../../components/decision/ConfirmDialog'
import { useAction } from '../../state'

/** Says what deleting a login means, and does it. */
export function DeleteLoginDialog({
  registry,
  onClose,
}: {
  registry: string
  onClose: () => void
}) {
  const { t } = useTranslation('connections')
  const remove = useAction('delete_registry_login')
  return (
    <ConfirmDialog
      alert
      title={t('confirm.heading', { registry })}
      confirm={t('confirm.delete')}
      cancel={t('confirm.keep')}
      pending={remove.isPending}
      problem={remove.error?.problem ?? null}
      onConfirm={() => remove.mutate({ registry }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <Text>{t('confirm.body', { registry })}</Text>
    </ConfirmDialog>
  )
}
