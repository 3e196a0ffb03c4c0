import {
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
  Text,
  tokens,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { Operation } from '../../backend/types'
import { formatDuration } from '../../format'
import type { RemedyHandlers } from '../../problems/remedies'
import { Fold } from '../Fold'
import { Pre } from '../Pre'
import { ProblemBar } from '../ProblemBar'
import { PackageChanges } from './PackageChanges'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalM,
    ':empty': { display: 'none' },
  },
  bar: { minHeight: 'auto', userSelect: 'text' },
})

/** How an operation ended: what stands now, why, and what can be done. */
export function OperationOutcome({
  operation,
  remedies,
  onRetry,
  openEvidence = false,
}: {
  operation: Operation
  remedies?: RemedyHandlers
  onRetry?: () => void
  /** What was seen begins open. */
  openEvidence?: boolean
}) {
  const styles = useStyles()
  const { t } = useTranslation(['operation', 'common'])
  const { state, problem, outcome, keptLog, packages, withoutService, kind, name } = operation
  const ended = state === 'succeeded' || state === 'failed' || state === 'cancelled'
  return (
    <div className={styles.root}>
      {state === 'succeeded' ? (
        <MessageBar intent="success" layout="multiline" className={styles.bar} role="group">
          <MessageBarBody>
            <MessageBarTitle>{t(`common:operationSucceeded.${kind}`, { name })}</MessageBarTitle>
            {outcome ? <div>{outcome}</div> : null}
          </MessageBarBody>
        </MessageBar>
      ) : null}
      {state === 'cancelled' || (state === 'failed' && outcome) ? (
        <MessageBar
          intent={state === 'failed' ? 'warning' : 'info'}
          layout="multiline"
          className={styles.bar}
          role="group"
        >
          <MessageBarBody>
            <MessageBarTitle>
              {state === 'cancelled'
                ? t('common:operationState.cancelled')
                : t(`common:operationFailed.${kind}`, { name })}
            </MessageBarTitle>
            {outcome ? <div>{outcome}</div> : null}
          </MessageBarBody>
        </MessageBar>
      ) : null}
      {ended && problem ? (
        <ProblemBar
          problem={problem}
          openEvidence={openEvidence}
          {...(remedies ? { remedies } : {})}
          {...(onRetry ? { onRetry } : {})}
        />
      ) : null}
      {withoutService !== null ? (
        <Text>{t('withoutService', { time: formatDuration(withoutService) })}</Text>
      ) : null}
      {packages ? <PackageChanges changes={packages} /> : null}
      {keptLog ? (
        <Fold label={t(kind === 'install' ? 'keptOutput' : 'keptLog')}>
          <Pre>{keptLog}</Pre>
        </Fold>
      ) : null}
    </div>
  )
}
