import { useTranslation } from 'react-i18next'
import type { Finding, Remedy } from '../backend/types'
import { formatBytes } from '../format'

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

/** Remedies that the application does by itself, as an operation or with the command for it. */
export type Mending = Extract<
  Remedy,
  {
    kind:
      | 'pullImage'
      | 'recreate'
      | 'startWithExecutor'
      | 'listenOn'
      | 'restartEngine'
      | 'resetNetwork'
      | 'choosePort'
      | 'raiseMemory'
  }
>

const mendings: Record<Mending['kind'], true> = {
  pullImage: true,
  recreate: true,
  startWithExecutor: true,
  listenOn: true,
  restartEngine: true,
  resetNetwork: true,
  choosePort: true,
  raiseMemory: true,
}

/** Whether a remedy is one of those, and says all that is needed to do it. */
export function isMending(remedy: Remedy): remedy is Mending {
  if (remedy.kind === 'choosePort') return remedy.free !== null
  if (remedy.kind === 'raiseMemory') return remedy.bytes !== null
  return Object.hasOwn(mendings, remedy.kind)
}

/** A runtime's finding as it is told outside its Diagnostics tab: with the way there, last. */
export function withDiagnosis(finding: Finding): Finding {
  const others = finding.remedies.filter(({ kind }) => kind !== 'showDiagnosis')
  return { ...finding, remedies: [...others, { kind: 'showDiagnosis' }] }
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
      case 'raiseMemory':
        return remedy.bytes === null
          ? t('remedy.raiseMemory')
          : t('remedy.raiseMemoryTo', { size: formatBytes(remedy.bytes) })
      case 'listenOn':
        return t('remedy.listenOn', { port: remedy.inside })
      case 'addLogin':
        return t('remedy.addLogin', { registry: remedy.registry })
      case 'addPackages':
        return remedy.packages.length === 0
          ? t('remedy.addPackage')
          : t('remedy.addPackages', {
              count: remedy.packages.length,
              name: remedy.packages.join(', '),
            })
      case 'addConnection':
        return t('remedy.addConnection', { name: remedy.name })
      case 'testConnection':
        return remedy.name === null
          ? t('remedy.testConnection')
          : t('remedy.testConnectionNamed', { name: remedy.name })
      case 'showPlace':
        return t('remedy.showPlace', { file: remedy.file, line: remedy.line })
      default:
        return t(`remedy.${remedy.kind}`)
    }
  }
}
