import type { Batch } from '../../backend/types'
import { isActiveBatch } from '../../components/batch/states'

export const FILTERS = ['all', 'active', 'paused', 'completed', 'failed'] as const
export type Filter = (typeof FILTERS)[number]

/** Whether a batch run falls under a filter; one that was cancelled is among those that failed. */
export function fits(batch: Batch, filter: Filter): boolean {
  switch (filter) {
    case 'all':
      return true
    case 'active':
      return isActiveBatch(batch)
    case 'failed':
      return batch.state === 'failed' || batch.state === 'cancelled'
    default:
      return batch.state === filter
  }
}
