import { useTranslation } from 'react-i18next'
import type { Batch, BatchState, LaneState, RowState } from '../../backend/types'
import type { Tone } from '../../theme'
import { ToneMark } from '../StatusBadge'

export const toneOfBatch: Record<BatchState, Tone> = {
  queued: 'quiet',
  preparing: 'working',
  running: 'working',
  pausing: 'working',
  paused: 'warning',
  cancelling: 'working',
  aggregating: 'working',
  completed: 'good',
  failed: 'bad',
  cancelled: 'quiet',
}

const toneOfRow: Record<RowState, Tone> = { completed: 'good', failed: 'bad', cancelled: 'quiet' }

const toneOfLane: Record<LaneState, Tone> = {
  waiting: 'quiet',
  preparing: 'working',
  running: 'working',
  lost: 'warning',
  ended: 'good',
}

/** Nothing more will happen by itself, unless somebody asks for it. */
export function isOver({ state }: Batch): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled'
}

/** Something is done just now, or will be without being asked for. */
export function isActiveBatch(batch: Batch): boolean {
  return !isOver(batch) && batch.state !== 'paused'
}

/** Rows that have not ended; 0 while it is not known how many there are. */
export function rowsLeft({ rows, completed, failed }: Batch): number {
  return Math.max(0, (rows ?? 0) - completed - failed)
}

export function canPause({ state }: Batch): boolean {
  return state === 'queued' || state === 'preparing' || state === 'running'
}

export function canResume(batch: Batch): boolean {
  const { state } = batch
  return (
    state === 'paused' || ((state === 'failed' || state === 'cancelled') && rowsLeft(batch) > 0)
  )
}

export function canCancel(batch: Batch): boolean {
  return !isOver(batch) && batch.state !== 'cancelling'
}

/** How a batch run stands: colour, shape and word. */
export function BatchStateBadge({ state }: { state: BatchState }) {
  const { t } = useTranslation('batch')
  return <ToneMark tone={toneOfBatch[state]}>{t(`state.${state}`)}</ToneMark>
}

/** How a row stands. */
export function RowStateBadge({ state }: { state: RowState }) {
  const { t } = useTranslation('batch')
  return <ToneMark tone={toneOfRow[state]}>{t(`rowState.${state}`)}</ToneMark>
}

/** How one of the runtimes of a batch run stands. */
export function LaneStateBadge({ state }: { state: LaneState }) {
  const { t } = useTranslation('batch')
  return <ToneMark tone={toneOfLane[state]}>{t(`laneState.${state}`)}</ToneMark>
}
