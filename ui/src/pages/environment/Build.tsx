import { Button, makeStyles, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { paths } from '../../app/paths'
import type { EnvironmentView, Operation } from '../../backend/types'
import { EmptyState } from '../../components/EmptyState'
import { GoLink } from '../../components/GoLink'
import { SkeletonLines } from '../../components/Late'
import { LogView } from '../../components/log/LogView'
import { OperationProgress } from '../../components/operation/OperationProgress'
import { ProblemBar } from '../../components/ProblemBar'
import type { RemedyHandlers } from '../../problems/remedies'
import { sizes } from '../../theme'
import { useEnvironmentHistory } from './History'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalL,
    maxWidth: sizes.readingWidth,
  },
  progress: { maxWidth: '880px' },
  log: { display: 'flex', flexDirection: 'column', height: 'clamp(280px, 50vh, 560px)' },
  quiet: { color: tokens.colorNeutralForeground3 },
})

/** What the builder wrote, and goes on to write. */
function BuildLog({ name, operation }: { name: string; operation: string }) {
  const styles = useStyles()
  const { t } = useTranslation('environmentDetail')
  return (
    <div className={styles.log}>
      <LogView
        label={t('build.log', { name })}
        of={{ kind: 'build', operation }}
        emptyBody={t('build.logEmpty')}
        nodeTimes={false}
      />
    </div>
  )
}

function Progress({
  environment,
  operation,
  remedies,
  onRetry,
}: {
  environment: EnvironmentView
  operation: Operation
  remedies: RemedyHandlers
  onRetry: () => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('environmentDetail')
  const made = environment.versions.find((version) => version.operation === operation.id)
  return (
    <div className={styles.progress}>
      <OperationProgress
        key={operation.id}
        operation={operation}
        remedies={remedies}
        onRetry={onRetry}
        openEvidence
        actions={
          <>
            {made ? (
              <GoLink to={paths.environmentVersion(environment.id, made.number)}>
                {t('build.showVersion', { number: made.number })}
              </GoLink>
            ) : null}
            <Text className={styles.quiet}>{t('build.by', { who: operation.startedBy })}</Text>
          </>
        }
      />
    </div>
  )
}

/** The build that runs, or the last one: its steps, and what the builder writes. */
export function Build({
  environment,
  chosen,
  remedies,
  onRetry,
  onNewest,
}: {
  environment: EnvironmentView
  /** The operation to show; `null` = the newest build. */
  chosen: string | null
  remedies: RemedyHandlers
  onRetry: () => void
  onNewest: () => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('environmentDetail')
  const { history, operations } = useEnvironmentHistory(environment)
  const newest = operations.find(({ kind }) => kind === 'build')
  const operation = chosen === null ? newest : operations.find(({ id }) => id === chosen)
  const log = chosen ?? operation?.id
  if (history.error && !operation) {
    return <ProblemBar problem={history.error.problem} onRetry={() => history.refetch()} />
  }
  if (!history.data && !operation) return <SkeletonLines lines={6} height={28} />
  if (log === undefined) {
    return <EmptyState title={t('build.none')}>{t('build.noneBody')}</EmptyState>
  }
  return (
    <div className={styles.root}>
      {chosen !== null && newest && newest.id !== chosen ? (
        <div>
          <Button onClick={onNewest}>{t('build.newest')}</Button>
        </div>
      ) : null}
      {operation ? (
        <Progress
          environment={environment}
          operation={operation}
          remedies={remedies}
          onRetry={onRetry}
        />
      ) : null}
      <BuildLog key={log} name={environment.name} operation={log} />
    </div>
  )
}
