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

/** Says what deleting a connection means, and does it. */
export function DeleteConnectionDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const { t } = useTranslation('flowConnections')
  const remove = useAction('delete_connection')
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
          <DialogTitle>{t('confirm.heading', { name })}</DialogTitle>
          <DialogContent>
            <p>{t('confirm.body', { name })}</p>
            {remove.error ? <ProblemBar problem={remove.error.problem} /> : null}
          </DialogContent>
          <DialogActions>
            <Button
              appearance="primary"
              onClick={() => {
                if (!remove.isPending) remove.mutate({ name }, { onSuccess: onClose })
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
