import { useTranslation } from 'react-i18next'
import { openFileInCode, problemOf, showInFolder } from '../../backend'
import type { LogPlace } from '../../backend/types'
import { useNotify } from '../notify'

/** A place of the person's own code in words: `search.py, line 21, in search`. */
export function usePlaceText() {
  const { t } = useTranslation('log')
  return ({ file, line, function: name }: Pick<LogPlace, 'file' | 'line' | 'function'>) =>
    name === '' ? t('place.line', { file, line }) : t('place.function', { file, line, name })
}

/** Opens a line of a file of the person's own flow in VS Code, else shows the file. */
export function useOpenPlace() {
  const { t } = useTranslation(['log', 'flow'])
  const notify = useNotify()
  return async (path: string, line: number) => {
    const show = () =>
      showInFolder(path).catch((error) => notify.problem(problemOf(error), t('flow:code.notShown')))
    try {
      await openFileInCode(path, line)
      notify.show({
        intent: 'info',
        title: t('place.asked', { line }),
        body: t('flow:code.ifNot'),
        action: { label: t('place.show'), run: show },
      })
    } catch {
      notify.show({ intent: 'warning', title: t('flow:code.nothing'), body: t('place.instead') })
      await show()
    }
  }
}
