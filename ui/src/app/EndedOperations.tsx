import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import type { Operation } from '../backend/types'
import { useNotify } from '../components/notify'
import { isRunning } from '../state'
import { isAttended } from '../state/attention'
import { live } from '../state/live'
import { paths } from './paths'
import { useEnded } from './useEnded'

/** Kinds so short that the row or page tells their success by itself. */
const SHORT: ReadonlySet<Operation['kind']> = new Set(['start', 'stop', 'restart', 'delete'])

/** Where to see what became of an operation. */
function whereOf(operation: Operation, tab?: 'history'): string {
  const { environment, runtime } = operation
  if (environment !== null) {
    return paths.environment(environment, operation.state === 'failed' ? 'build' : 'versions')
  }
  return runtime !== null && live.runtimes.get(runtime)
    ? paths.runtime(runtime, tab)
    : paths.activity
}

/** Tells by a toast of operations that end while the person looks elsewhere. */
export function EndedOperations() {
  const { t } = useTranslation()
  const notify = useNotify()
  const navigate = useNavigate()
  useEnded(live.operations, isRunning, (operation) => {
    if (isAttended(operation.id)) return
    if (operation.state === 'failed') {
      notify.show({
        intent: 'error',
        title: t(`operationFailed.${operation.kind}`, { name: operation.name }),
        body: [operation.problem?.sentence, operation.outcome].filter(Boolean).join(' '),
        action: { label: t('view'), run: () => navigate(whereOf(operation, 'history')) },
      })
    } else if (operation.state === 'succeeded' && !SHORT.has(operation.kind)) {
      notify.show({
        intent: 'success',
        title: t(`operationSucceeded.${operation.kind}`, { name: operation.name }),
        ...(operation.outcome ? { body: operation.outcome } : {}),
        action: { label: t('view'), run: () => navigate(whereOf(operation)) },
      })
    }
  })
  return null
}
