import { makeStyles, Text, tokens } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import type { Operation } from '../../backend/types'
import type { RemedyHandlers } from '../../problems/remedies'
import { isRunning, useAttend, useRuntime } from '../../state'
import { Lasting } from '../Moment'
import { CancelButton } from './CancelButton'
import { OperationOutcome } from './OperationOutcome'
import { StepList } from './StepList'
import { stepWords, useOperationVersions } from './words'

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL },
  facts: {
    display: 'flex',
    flexWrap: 'wrap',
    columnGap: tokens.spacingHorizontalL,
    color: tokens.colorNeutralForeground2,
    fontVariantNumeric: 'tabular-nums',
    overflowWrap: 'anywhere',
  },
  actions: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
  said: {
    position: 'absolute',
    width: '1px',
    height: '1px',
    overflow: 'hidden',
    clipPath: 'inset(50%)',
    whiteSpace: 'nowrap',
  },
})

/** What can be done about any operation's problem, wherever it is shown. */
function useCommonRemedies(operation: Operation): RemedyHandlers {
  const navigate = useNavigate()
  const runtime = useRuntime(operation.runtime ?? '')
  return {
    addLogin: ({ registry }) => navigate(paths.connections(registry)),
    ...(runtime
      ? {
          viewLogs: () => navigate(paths.runtime(runtime.id, 'logs')),
          choosePort: ({ free }) => navigate(paths.configure(runtime.id, 'hostPort', free)),
          raiseMemory: () => navigate(paths.configure(runtime.id, 'memoryLimit')),
          changeMounts: () => navigate(paths.configure(runtime.id, 'mounts')),
          changeVariables: () => navigate(paths.configure(runtime.id, 'variables')),
        }
      : {}),
  }
}

export interface OperationProgressProps {
  operation: Operation
  /** What remedies do here, besides those that are the same everywhere. */
  remedies?: RemedyHandlers
  /** Offered as *Try again* when the problem says that this may help. */
  onRetry?: () => void
  /** Further buttons beside *Cancel*, or instead of it when the operation has ended. */
  actions?: ReactNode
  /** The evidence of what went wrong is what one comes for: it begins open. */
  openEvidence?: boolean
}

/**
 * One operation from its first step to its end. Whoever shows it says so by `useAttend`, so that
 * its end needs no toast.
 */
export function OperationProgress({
  operation,
  remedies,
  onRetry,
  actions,
  openEvidence = false,
}: OperationProgressProps) {
  const styles = useStyles()
  const { t } = useTranslation(['operation', 'common'])
  const common = useCommonRemedies(operation)
  useAttend(operation.id)
  const running = isRunning(operation)
  const current = operation.steps.find(({ state }) => state === 'running')
  const versions = useOperationVersions()
  return (
    <section
      className={styles.root}
      aria-label={t('progressOf', { name: operation.name })}
      aria-busy={running}
    >
      <div className={styles.facts}>
        <Text>{versions(operation) ?? t(`common:operationKind.${operation.kind}`)}</Text>
        <Text>
          <Lasting from={operation.started} to={operation.finished} />
        </Text>
      </div>
      <OperationOutcome
        operation={operation}
        remedies={{ ...common, ...remedies }}
        openEvidence={openEvidence}
        {...(onRetry ? { onRetry } : {})}
      />
      <StepList operation={operation} />
      <div className={styles.said} role="status">
        {running
          ? current
            ? t(`step.${stepWords(current.kind, operation)}`)
            : ''
          : t(`common:operationState.${operation.state}`)}
      </div>
      <CancelButton key={operation.id} operation={operation} />
      {actions ? <div className={styles.actions}>{actions}</div> : null}
    </section>
  )
}
