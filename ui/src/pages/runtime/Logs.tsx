import { Button } from '@fluentui/react-components'
import { ArrowDownload20Regular } from '@fluentui/react-icons'
import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import { call, type Follow, followLog, problemOf } from '../../backend'
import type { Runtime } from '../../backend/types'
import { LogView } from '../../components/log/LogView'
import { useNotify } from '../../components/notify'

/** Lines from the end that a followed log begins with. */
const TAIL = 2000

/** The log of the runtime's container as it is now. */
export function Logs({ runtime }: { runtime: Runtime }) {
  const { t } = useTranslation('runtime')
  const notify = useNotify()
  const { id, containerId, started } = runtime
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new start of the container is a new log
  const follow: Follow = useCallback(
    (onEvent) => followLog({ runtime: id, tail: TAIL }, onEvent),
    [id, containerId, started],
  )
  const save = () =>
    call('save_log', { runtime: id }).then(
      ({ path }) => notify.show({ intent: 'success', title: t('logs.saved'), body: path }),
      (error) => notify.problem(problemOf(error)),
    )
  return (
    <LogView
      label={t('logs.label', { name: runtime.name })}
      follow={follow}
      emptyBody={t('logs.emptyBody')}
      dropped={t('logs.dropped')}
      actions={
        <Button size="small" appearance="subtle" icon={<ArrowDownload20Regular />} onClick={save}>
          {t('logs.save')}
        </Button>
      }
    />
  )
}
