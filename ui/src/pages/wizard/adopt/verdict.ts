import { useTranslation } from 'react-i18next'
import type { Verdict } from '../../../backend/types'
import type { Tone } from '../../../theme'

export const toneOfVerdict: Record<Verdict['kind'], Tone> = {
  usable: 'good',
  notRunning: 'quiet',
  notPublished: 'warning',
  nothingListens: 'warning',
  anotherService: 'quiet',
  nameCannotBeUsed: 'warning',
  unknown: 'quiet',
}

/** What a verdict means, a sentence or two. */
export function useVerdictWords(): (verdict: Verdict) => string {
  const { t } = useTranslation('adopt')
  return (verdict) => {
    switch (verdict.kind) {
      case 'usable': {
        const { protocol, endpoint, version } = verdict
        return version === null
          ? t(`why.${protocol}NoVersion`, { endpoint })
          : t(`why.${protocol}`, { endpoint, version })
      }
      case 'notRunning':
        if (verdict.paused) return t('why.paused')
        return verdict.exitCode === 0
          ? t('why.notStarted')
          : t('why.ended', { code: verdict.exitCode })
      case 'notPublished': {
        const { address, protocol } = verdict
        if (address === null) return t('why.unreachable')
        return t(protocol === null ? 'why.silentInside' : 'why.answersInside', { address })
      }
      case 'nothingListens':
        return verdict.elsewhere.length > 0
          ? t('why.listensElsewhere', { elsewhere: verdict.elsewhere.join(', ') })
          : t('why.listensNowhere')
      case 'anotherService':
        return t('why.anotherService', { answer: verdict.answer })
      case 'nameCannotBeUsed':
        return t('why.nameCannotBeUsed', { why: verdict.why })
      case 'unknown':
        return t('why.unknown', { because: verdict.because })
    }
  }
}
