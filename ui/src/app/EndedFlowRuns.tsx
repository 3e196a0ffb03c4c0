import { useTranslation } from 'react-i18next'
import { useLocation, useNavigate } from 'react-router'
import { isActive } from '../components/flow/states'
import { useNotify } from '../components/notify'
import { live } from '../state/live'
import { paths } from './paths'
import { useEnded } from './useEnded'

/** Tells by a toast of runs of flows that end while another page than their flow's is open. */
export function EndedFlowRuns() {
  const { t } = useTranslation()
  const notify = useNotify()
  const navigate = useNavigate()
  const { pathname } = useLocation()
  useEnded(live.flowRuns, isActive, (run) => {
    if (pathname === paths.flow(run.flow)) return
    const words = { name: run.flowName, node: run.node ?? '' }
    const of = run.node === null ? 'whole' : 'node'
    const action = { label: t('view'), run: () => navigate(paths.flowRun(run.flow, run.id)) }
    if (run.state === 'completed') {
      notify.show({ intent: 'success', title: t(`runCompleted.${of}`, words), action })
    } else if (run.state === 'failed' || run.state === 'lost') {
      const why = run.problem?.sentence ?? run.failure?.message
      notify.show({
        intent: 'error',
        title: t(`runFailed.${of}`, words),
        ...(why ? { body: why } : {}),
        action,
      })
    }
  })
  return null
}
