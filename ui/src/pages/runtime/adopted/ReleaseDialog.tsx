import { useTranslation } from 'react-i18next'
import type { Runtime } from '../../../backend/types'
import { ConfirmDialog } from '../../../components/decision/ConfirmDialog'
import { useNotify } from '../../../components/notify'
import { useAction } from '../../../state'
import { markReleased } from './released'

/** Lets an adopted container go, after saying that only the link to it goes. */
export function ReleaseDialog({ runtime, onClose }: { runtime: Runtime; onClose: () => void }) {
  const { t } = useTranslation('adopt')
  const notify = useNotify()
  const release = useAction('release_runtime')
  const { id, name } = runtime
  const confirm = async () => {
    if (release.isPending) return
    // Its row may go before the answer is there, and this dialog with it.
    markReleased(id, true)
    try {
      await release.mutateAsync({ runtime: id })
      notify.show({ intent: 'success', title: t('release.done', { name }) })
      onClose()
    } catch {
      // What went wrong stands in the dialog.
      markReleased(id, false)
    }
  }
  return (
    <ConfirmDialog
      title={t('release.title', { name })}
      confirm={t('action.release')}
      pending={release.isPending}
      problem={release.error?.problem ?? null}
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>{t('release.body', { name })}</p>
      <p>{t('release.again')}</p>
    </ConfirmDialog>
  )
}
