import { useTranslation } from 'react-i18next'
import type { Runtime } from '../../backend/types'
import { EmptyState } from '../../components/EmptyState'
import { SkeletonLines } from '../../components/Late'
import { newestFirst, OperationHistory } from '../../components/operation/OperationHistory'
import { ProblemBar } from '../../components/ProblemBar'
import type { RemedyHandlers } from '../../problems/remedies'
import { useAsk, useLiveOperations } from '../../state'

/** What was done on this runtime. */
export function History({ runtime, remedies }: { runtime: Runtime; remedies: RemedyHandlers }) {
  const { t } = useTranslation('runtime')
  const told = useLiveOperations()
  const history = useAsk('runtime_history', { runtime: runtime.id })
  if (history.error) {
    return <ProblemBar problem={history.error.problem} onRetry={() => history.refetch()} />
  }
  if (!history.data) return <SkeletonLines lines={5} height={28} />
  const operations = newestFirst(
    history.data.operations,
    told,
    (operation) => operation.runtime === runtime.id,
  )
  if (operations.length === 0) {
    return <EmptyState title={t('history.empty')}>{t('history.emptyBody')}</EmptyState>
  }
  return <OperationHistory operations={operations} remedies={remedies} />
}
