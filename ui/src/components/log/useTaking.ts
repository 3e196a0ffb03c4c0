import { useTranslation } from 'react-i18next'
import { call, copyText, problemOf } from '../../backend'
import { formatCount } from '../../format'
import { useNotify } from '../notify'
import type { Chosen } from './Lines'
import type { LogSession, LogShown } from './session'
import { useLogSettings } from './settings'

/** Copies, saves, and tells how it went. */
export function useTaking(session: LogSession, shown: LogShown, chosen: Chosen | null) {
  const { t } = useTranslation('log')
  const notify = useNotify()
  const { times } = useLogSettings()
  const fail = (title: string) => (error: unknown) => notify.problem(problemOf(error), title)
  const stream = session.name
  const { view } = shown
  const copy = async () => {
    if (stream === null) return
    const some = chosen !== null && chosen.revision === view.revision
    const from = some ? Math.min(chosen.anchor, chosen.cursor) : view.first
    const end = some ? Math.max(chosen.anchor, chosen.cursor) + 1 : view.end
    try {
      const request = { stream, from, end, times: times !== 'off' }
      const { text, cut } = await call('read_log_text', request)
      await copyText(text)
      const count = end - from
      notify.show(
        cut
          ? { intent: 'warning', title: t('copiedPart'), body: t('copiedPartBody') }
          : { intent: 'success', title: t('copied', { count, shown: formatCount(count) }) },
      )
    } catch (error) {
      fail(t('notCopied'))(error)
    }
  }
  const save = (filtered: boolean) => {
    if (stream === null) return
    call('save_open_log', { stream, filtered, times: times !== 'off' }).then(
      ({ path }) => notify.show({ intent: 'success', title: t('saved'), body: path }),
      fail(t('notSaved')),
    )
  }
  const copyCommand = async () => {
    if (stream === null) return
    try {
      const { commands } = await call('log_commands', { stream })
      const text = commands.join('\n')
      await copyText(text)
      notify.show({ intent: 'success', title: t('commandCopied'), body: text })
    } catch (error) {
      fail(t('notCopied'))(error)
    }
  }
  return { copy, save, copyCommand }
}
