import { useTranslation } from 'react-i18next'
import type { Remedy } from '../backend/types'

/** What each remedy does here. Only those with an entry are offered as buttons. */
export type RemedyHandlers = {
  [K in Remedy['kind']]?: (remedy: Extract<Remedy, { kind: K }>) => void
}

/** Calls the entry of a remedy; answers whether there was one. */
export function runRemedy(handlers: RemedyHandlers, remedy: Remedy): boolean {
  const handler = handlers[remedy.kind] as ((remedy: Remedy) => void) | undefined
  handler?.(remedy)
  return handler !== undefined
}

/** The remedies that can be offered here, best first. */
export function offered(handlers: RemedyHandlers | undefined, remedies: Remedy[]): Remedy[] {
  return handlers ? remedies.filter((remedy) => handlers[remedy.kind] !== undefined) : []
}

/** Words of a remedy's button. */
export function useRemedyLabel(): (remedy: Remedy) => string {
  const { t } = useTranslation('problems')
  return (remedy) => {
    switch (remedy.kind) {
      case 'choosePort':
        return remedy.free === null
          ? t('remedy.choosePort')
          : t('remedy.choosePortFree', { port: remedy.free })
      case 'addLogin':
        return t('remedy.addLogin', { registry: remedy.registry })
      default:
        return t(`remedy.${remedy.kind}`)
    }
  }
}
