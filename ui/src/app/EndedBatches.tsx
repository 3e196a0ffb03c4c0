import { useTranslation } from 'react-i18next'
import { useLocation, useNavigate } from 'react-router'
import { isActiveBatch } from '../components/batch/states'
import { useNotify } from '../components/notify'
import { formatCount } from '../format'
import { live } from '../state/live'
import { paths } from './paths'
import { useEnded } from './useEnded'

/** Tells by a toast of batch runs that end while another page than theirs is open. */
export function EndedBatches() {
  const { t } = useTranslation()
  const notify = useNotify()
  const navigate = useNavigate()
  const { pathname } = useLocation()
  useEnded(live.batches, isActiveBatch, ({ id, name, state, completed, failed, problem }) => {
    if (pathname === paths.batch(id)) return
    const action = { label: t('view'), run: () => navigate(paths.batch(id)) }
    const rows = t('batchEnded.rows', {
      completed: formatCount(completed),
      failed: formatCount(failed),
    })
    if (state === 'completed') {
      notify.show({
        intent: failed > 0 ? 'warning' : 'success',
        title: t('batchEnded.completed', { name }),
        body: rows,
        action,
      })
    } else if (state === 'failed') {
      notify.show({
        intent: 'error',
        title: t('batchEnded.failed', { name }),
        body: problem?.sentence ?? rows,
        action,
      })
    }
  })
  return null
}
