import { Text } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { ConfirmDialog } from '../../components/decision/ConfirmDialog'
import { useAction } from '../../state'

/** Says what deleting a connection means, and does it. */
export function DeleteConnectionDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const { t } = useTranslation('flowConnections')
  const remove = useAction('delete_connection')
  return (
    <ConfirmDialog
      alert
      title={t('confirm.heading', { name })}
      confirm={t('confirm.delete')}
      cancel={t('confirm.keep')}
      pending={remove.isPending}
      problem={remove.error?.problem ?? null}
      onConfirm={() => remove.mutate({ name }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <Text>{t('confirm.body', { name })}</Text>
    </ConfirmDialog>
  )
}
