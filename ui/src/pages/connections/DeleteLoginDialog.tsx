import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { ProblemBar } from '../../components/ProblemBar'
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
    <Dialog
      open
      modalType="alert"
      onOpenChange={(_, { open }) => {
        if (!open) onClose()
      }}
    >
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{t('confirm.heading', { registry })}</DialogTitle>
          <DialogContent>
            <p>{t('confirm.body', { registry })}</p>
            {remove.error ? <ProblemBar problem={remove.error.problem} /> : null}
          </DialogContent>
          <DialogActions>
            <Button
              appearance="primary"
              onClick={() => {
                if (!remove.isPending) remove.mutate({ registry }, { onSuccess: onClose })
              }}
            >
              {t('confirm.delete')}
            </Button>
            <Button onClick={onClose}>{t('confirm.keep')}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  )
}
