import {
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
  Spinner,
  Text,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { TestVerdict } from '../../backend/types'
import { Fold } from '../../components/Fold'
import { Pre } from '../../components/Pre'
import { ProblemBar } from '../../components/ProblemBar'
import type { ConnectionTrialState } from './useConnectionTrial'

const useStyles = makeStyles({
  bar: { minHeight: 'auto', userSelect: 'text' },
  sentence: { overflowWrap: 'anywhere' },
})

/** How each verdict looks. */
const intents: Record<TestVerdict, 'success' | 'info' | 'warning' | 'error'> = {
  accepted: 'success',
  notAuthorised: 'error',
  notFound: 'error',
  throttled: 'warning',
  unreachable: 'error',
  somethingElse: 'warning',
  notTestable: 'info',
}

/** What the test of a connection said. */
export function ConnectionTrial({
  name,
  trial,
  onRetry,
}: {
  name: string
  trial: ConnectionTrialState
  onRetry: () => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('flowConnections')
  switch (trial.kind) {
    case 'running':
      return (
        <Text role="status">
          <Spinner size="extra-tiny" labelPosition="after" label={t('testing', { name })} />
        </Text>
      )
    case 'broken':
      return <ProblemBar problem={trial.problem} onRetry={onRetry} />
    case 'done': {
      const { verdict, sentence, hints, details } = trial.test
      return (
        <MessageBar
          className={styles.bar}
          intent={intents[verdict]}
          layout="multiline"
          role="status"
        >
          <MessageBarBody className={styles.sentence}>
            <MessageBarTitle>{t(`verdict.${verdict}`)}</MessageBarTitle>
            <div>{sentence}</div>
            {hints.map((hint) => (
              <div key={hint}>{hint}</div>
            ))}
            {details ? (
              <Fold label={t('answer')}>
                <Pre>{details}</Pre>
              </Fold>
            ) : null}
          </MessageBarBody>
        </MessageBar>
      )
    }
  }
}
