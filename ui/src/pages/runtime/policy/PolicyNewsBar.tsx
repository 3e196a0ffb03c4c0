import {
  Button,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { paths } from '../../../app/paths'
import { problemOf } from '../../../backend'
import type { PolicyNews, Runtime } from '../../../backend/types'
import { GoLink } from '../../../components/GoLink'
import { useNotify } from '../../../components/notify'
import { formatMoment } from '../../../format'
import { useAction } from '../../../state'

/** What the runtime's policy did while nobody looked, until the person has read it. */
export function PolicyNewsBar({ runtime, news }: { runtime: Runtime; news: PolicyNews | null }) {
  const { t } = useTranslation('policy')
  const notify = useNotify()
  const acknowledge = useAction('acknowledge_policy')
  if (!news?.outcome) return null
  const { updated, sentence } = news.outcome
  const what = { version: news.version, when: formatMoment(news.started) }
  return (
    <MessageBar intent={updated ? 'success' : 'warning'} layout="multiline">
      <MessageBarBody>
        <MessageBarTitle>{t(updated ? 'news.updated' : 'news.failed', what)}</MessageBarTitle>
        {sentence} <GoLink to={paths.runtime(runtime.id, 'history')}>{t('news.history')}</GoLink>
      </MessageBarBody>
      <MessageBarActions>
        <Button
          onClick={() =>
            acknowledge.mutate(
              { runtime: runtime.id },
              { onError: (error) => notify.problem(problemOf(error)) },
            )
          }
        >
          {t('news.read')}
        </Button>
      </MessageBarActions>
    </MessageBar>
  )
}
