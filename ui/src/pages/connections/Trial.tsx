import { MessageBar, MessageBarBody, Spinner, Text } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { Problem } from '../../backend/types'
import { ProblemBar } from '../../components/ProblemBar'

/** How a login's trial stands. */
export type TrialState =
  | { kind: 'running'; registry: string }
  | { kind: 'accepted'; registry: string; repository: string | null }
  | { kind: 'refused'; problem: Problem }

export function Trial({ trial, onRetry }: { trial: TrialState; onRetry: () => void }) {
  const { t } = useTranslation('connections')
  switch (trial.kind) {
    case 'running':
      return (
        <Text role="status">
          <Spinner
            size="extra-tiny"
            labelPosition="after"
            label={t('testing', { registry: trial.registry })}
          />
        </Text>
      )
    case 'accepted':
      return (
        <MessageBar intent="success" layout="multiline" role="status">
          <MessageBarBody>
            {trial.repository
              ? t('acceptedFor', { registry: trial.registry, repository: trial.repository })
              : t('accepted', { registry: trial.registry })}
          </MessageBarBody>
        </MessageBar>
      )
    case 'refused':
      return <ProblemBar problem={trial.problem} onRetry={onRetry} />
  }
}
