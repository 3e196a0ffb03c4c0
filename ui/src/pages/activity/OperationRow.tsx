import { makeStyles, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { paths } from '../../app/paths'
import type { Operation } from '../../backend/types'
import { GoLink } from '../../components/GoLink'
import { OperationProgress } from '../../components/operation/OperationProgress'
import { useOperationVersions } from '../../components/operation/words'
import { OperationStateBadge } from '../../components/StatusBadge'
import { isRunning, useRuntime } from '../../state'
import { ActivityRow } from './ActivityRow'

const useStyles = makeStyles({
  quiet: { color: tokens.colorNeutralForeground3 },
})

/** One operation in a line that opens into its progress. */
export function OperationRow({
  operation,
  folded = false,
}: {
  operation: Operation
  /** It begins folded though it runs. */
  folded?: boolean
}) {
  const styles = useStyles()
  const versions = useOperationVersions()
  const { t } = useTranslation(['activity', 'common'])
  const runtime = useRuntime(operation.runtime ?? '')
  const { kind, name, environment, startedBy } = operation
  return (
    <ActivityRow
      title={t('row', { kind: t(`common:operationKind.${kind}`), name })}
      change={versions(operation) ?? ''}
      state={<OperationStateBadge state={operation.state} />}
      started={operation.started}
      finished={operation.finished}
      running={isRunning(operation) && !folded}
    >
      <OperationProgress
        operation={operation}
        actions={
          <>
            {runtime ? (
              <GoLink to={paths.runtime(runtime.id)}>{t('open', { name: runtime.name })}</GoLink>
            ) : environment !== null ? (
              <GoLink to={paths.environment(environment, 'build')}>{t('open', { name })}</GoLink>
            ) : kind === 'create' ? (
              <GoLink to={paths.operation(operation)}>{t('wizard')}</GoLink>
            ) : null}
            <Text className={styles.quiet}>{t('by', { who: startedBy })}</Text>
          </>
        }
      />
    </ActivityRow>
  )
}
