import {
  Button,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { ComputeView } from '../../backend/types'
import { formatClock } from '../../format'
import { useAction, useComputes } from '../../state'

function whyOf({ state }: ComputeView) {
  return state.kind === 'reconnecting' || state.kind === 'notReachable' ? state.why : null
}

/** Says for each compute that is not live how old its rows are. */
export function NotInStep({ shown }: { shown: ReadonlySet<string> }) {
  const { t } = useTranslation(['runtimes', 'common'])
  const retry = useAction('retry_compute')
  const late = useComputes().filter(
    (compute) => shown.has(compute.id) && (compute.inStepUntil !== null || whyOf(compute)),
  )
  return late.map((compute) => (
    <MessageBar key={compute.id} intent="warning">
      <MessageBarBody>
        <MessageBarTitle>
          {compute.inStepUntil === null
            ? t('notInStep.titleNoTime', { compute: compute.name })
            : t('notInStep.title', {
                compute: compute.name,
                time: formatClock(compute.inStepUntil),
              })}
        </MessageBarTitle>
        {t('notInStep.body', { sentence: whyOf(compute)?.sentence ?? '' })}
      </MessageBarBody>
      <MessageBarActions>
        <Button onClick={() => retry.mutate({ compute: compute.id })}>
          {t('common:tryAgain')}
        </Button>
      </MessageBarActions>
    </MessageBar>
  ))
}
