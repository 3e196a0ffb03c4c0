import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import type { FlowRun, FlowRunState, NodeRun, NodeRunState } from '../../backend/types'
import { formatDuration } from '../../format'
import type { Tone } from '../../theme'
import { Lasting } from '../Moment'
import { ToneMark } from '../StatusBadge'

export const toneOfRun: Record<FlowRunState, Tone> = {
  preparing: 'working',
  running: 'working',
  cancelling: 'working',
  completed: 'good',
  failed: 'bad',
  cancelled: 'quiet',
  bypassed: 'quiet',
  lost: 'warning',
}

export const toneOfNode: Record<NodeRunState, Tone> = {
  waiting: 'quiet',
  running: 'working',
  completed: 'good',
  failed: 'bad',
  cancelled: 'quiet',
  bypassed: 'quiet',
}

/** Whether a run has not ended yet. */
export function isActive({ state }: FlowRun): boolean {
  return state === 'preparing' || state === 'running' || state === 'cancelling'
}

/** How a run stands: colour, shape and word. */
export function RunStateBadge({ state }: { state: FlowRunState }) {
  const { t } = useTranslation('flowRun')
  return <ToneMark tone={toneOfRun[state]}>{t(`state.${state}`)}</ToneMark>
}

/** The colour of a node; what was taken over of an earlier run is quiet. */
export const toneOf = ({ state, takenOver }: NodeRun): Tone =>
  takenOver ? 'quiet' : toneOfNode[state]

/** How a node of a run stands, in a word. In a run that has ended, *waiting* never ran. */
export function useNodeStateWord(): (node: NodeRun, ended: boolean) => string {
  const { t } = useTranslation('flowRun')
  return useCallback(
    ({ state, takenOver }, ended) => {
      if (takenOver && state === 'completed') return t('nodeState.takenOver')
      return ended && state === 'waiting' ? t('nodeState.neverRan') : t(`nodeState.${state}`)
    },
    [t],
  )
}

/** How a node of a run stands: colour, shape and word. */
export function NodeStateBadge({ node, ended }: { node: NodeRun; ended: boolean }) {
  const word = useNodeStateWord()
  return <ToneMark tone={toneOf(node)}>{word(node, ended)}</ToneMark>
}

/** How long something of a run took as the service measured it, else by the clock. */
export function Took({
  of: { started, ended, duration },
  over,
}: {
  of: { started: string | null; ended: string | null; duration: number | null }
  /** The run has ended: without an end of its own nothing is known. */
  over: boolean
}) {
  if (duration !== null) return <span>{formatDuration(duration * 1000)}</span>
  if (started === null || (over && ended === null)) return null
  return <Lasting from={started} to={ended} />
}

/** How long a node took; one that was kept from running took no time that says anything. */
export function NodeTook({ node, over }: { node: NodeRun; over: boolean }) {
  return node.state === 'bypassed' ? null : <Took of={node} over={over} />
}
