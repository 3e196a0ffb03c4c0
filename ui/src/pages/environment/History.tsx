import { useTranslation } from 'react-i18next'
import type { EnvironmentView, Operation } from '../../backend/types'
import { EmptyState } from '../../components/EmptyState'
import { SkeletonLines } from '../../components/Late'
import { newestFirst, OperationHistory } from '../../components/operation/OperationHistory'
import { ProblemBar } from '../../components/ProblemBar'
import type { RemedyHandlers } from '../../problems/remedies'
import { useAsk, useLiveOperations } from '../../state'

/** What was done on an environment, newest first; what is told live is newer than what was kept. */
export function useEnvironmentHistory({ id }: EnvironmentView) {
  const told = useLiveOperations()
  const history = useAsk('environment_history', { environment: id })
  const operations: Operation[] = newestFirst(
    history.data?.operations ?? [],
    told,
    ({ environment }) => environment === id,
  )
  return { history, operations }
}

/** What was done on this environment: who, when, and how it ended. */
export function History({
  environment,
  remedies,
}: {
  environment: EnvironmentView
  remedies: RemedyHandlers
}) {
  const { t } = useTranslation('environmentDetail')
  const { history, operations } = useEnvironmentHistory(environment)
  if (history.error) {
    return <ProblemBar problem={history.error.problem} onRetry={() => history.refetch()} />
  }
  if (!history.data) return <SkeletonLines lines={5} height={28} />
  if (operations.length === 0) {
    return <EmptyState title={t('history.empty')}>{t('history.emptyBody')}</EmptyState>
  }
  return <OperationHistory operations={operations} remedies={remedies} />
}
