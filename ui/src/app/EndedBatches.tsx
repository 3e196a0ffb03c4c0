import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation, useNavigate } from 'react-router'
import { isActiveBatch } from '../components/batch/states'
import { useNotify } from '../components/notify'
import { formatCount } from '../format'
import { live } from '../state/live'
import { paths } from './paths'

/** Tells by a toast of batch runs that end while another page than theirs is open. */
export function EndedBatches() {
  const { t } = useTranslation()
  const notify = useNotify()
  const navigate = useNavigate()
  const { pathname } = useLocation()
  const here = useRef(pathname)
  useEffect(() => {
    here.current = pathname
  }, [pathname])
  useEffect(() => {
    const active = new Set(
      live.batches
        .all()
        .filter(isActiveBatch)
        .map(({ id }) => id),
    )
    const look = () => {
      for (const batch of live.batches.all()) {
        const { id, name, state, completed, failed, problem } = batch
        if (isActiveBatch(batch)) {
          active.add(id)
          continue
        }
        if (!active.delete(id) || here.current === paths.batch(id)) continue
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
      }
    }
    return live.batches.subscribe(look)
  }, [navigate, notify, t])
  return null
}
