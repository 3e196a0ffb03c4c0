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

/** The key of a step's words: an image that is proved runs beside nothing. `index` is its place in the list. */
export function stepWords(
  kind: StepKind,
  operation: Operation,
  index = operation.steps.findIndex((step) => step.kind === kind && step.state === 'running'),
): StepKind | 'proveImage' {
  if (kind !== 'prove') return kind
  // Where an image is built and a runtime updated to it, the first proof is that of the image.
  const first = operation.steps.findIndex((step) => step.kind === kind) === index
  const ofImage = operation.kind === 'build' || (operation.kind === 'addPackages' && first)
  return ofImage ? 'proveImage' : kind
}
