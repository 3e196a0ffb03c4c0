import { useTranslation } from 'react-i18next'
import type { MemberState, Series } from '../../backend/types'
import type { Tone } from '../../theme'

export const toneOfMember: Record<MemberState, Tone> = {
  waiting: 'quiet',
  running: 'working',
  updated: 'good',
  failed: 'bad',
  cancelled: 'quiet',
  skipped: 'warning',
  notStarted: 'quiet',
  cutOff: 'warning',
}

/** How a series stands, in one word for its state. */
export type SeriesState =
  | 'running'
  | 'stopping'
  | 'complete'
  | 'withFailures'
  | 'afterFailure'
  | 'stopped'
  | 'cutOff'

export const toneOfSeries: Record<SeriesState, Tone> = {
  running: 'working',
  stopping: 'working',
  complete: 'good',
  withFailures: 'warning',
  afterFailure: 'bad',
  stopped: 'quiet',
  cutOff: 'warning',
}

export function seriesState(series: Series): SeriesState {
  if (series.end === null) return series.closing === null ? 'running' : 'stopping'
  if (series.end !== 'complete') return series.end
  const well = series.members.every(({ state }) => state === 'updated')
  return well ? 'complete' : 'withFailures'
}

/** Whether a series has not ended yet. */
export const seriesRuns = (series: Series): boolean => series.end === null

const counted = ['updated', 'failed', 'cancelled', 'skipped', 'notStarted', 'cutOff'] as const

/** What became of a series that has ended, in sentences. */
export function useSeriesSummary(): (series: Series) => string {
  const { t } = useTranslation('series')
  return (series) => {
    const sentences = counted
      .map((state) => [state, series.members.filter((one) => one.state === state).length] as const)
      .filter(([, count]) => count > 0)
      .map(([state, count]) => t(`count.${state}`, { count }))
    return [...sentences, ...(series.end ? [t(`end.${series.end}`)] : [])].join(' ')
  }
}
