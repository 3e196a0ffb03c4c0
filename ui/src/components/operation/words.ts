import { useTranslation } from 'react-i18next'
import type { Operation, StepKind } from '../../backend/types'

/** From which version or image to which, in words; `null` where neither is known. */
export function useOperationVersions(): (operation: Operation) => string | null {
  const { t } = useTranslation('operation')
  return ({ kind, from, to }) => {
    if (kind === 'build') {
      if (to === null) return null
      return from === null ? t('version', { number: to }) : t('versionFromTo', { from, to })
    }
    return from && to && from !== to ? t('fromTo', { from, to }) : (to ?? from)
  }
}

/** The key of a step's words: an image that is proved runs beside nothing. */
export function stepWords(kind: StepKind, operation: Operation): StepKind | 'proveImage' {
  return kind === 'prove' && operation.kind === 'build' ? 'proveImage' : kind
}
