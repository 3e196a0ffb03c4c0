import { useTranslation } from 'react-i18next'
import type { ComputeOrigin, ComputeState, ComputeView, UnreachableView } from '../../backend/types'
import type { Tone } from '../../theme'

/** A compute's state as it is shown: one that is merely not supported yet is no fault. */
export type ShownComputeState = ComputeState['kind'] | 'notSupportedYet'

export const toneOfCompute: Record<ShownComputeState, Tone> = {
  connecting: 'working',
  connected: 'good',
  reconnecting: 'warning',
  notReachable: 'bad',
  cannotHost: 'bad',
  notSupportedYet: 'quiet',
}

/** Why a compute cannot be used; `null` while it can, or is being connected. */
export function whyOf({ state }: ComputeView): UnreachableView | null {
  switch (state.kind) {
    case 'connecting':
    case 'connected':
      return null
    case 'reconnecting':
    case 'notReachable':
    case 'cannotHost':
      return state.why
  }
}

export function shownState(compute: ComputeView): ShownComputeState {
  return whyOf(compute)?.reason.kind === 'notSupportedYet' ? 'notSupportedYet' : compute.state.kind
}

/** Where a compute was found, in words. */
export function useOriginWords(): (origin: ComputeOrigin) => string {
  const { t } = useTranslation('computes')
  return (origin) =>
    origin.kind === 'context'
      ? t(origin.current ? 'origin.contextCurrent' : 'origin.context', { name: origin.name })
      : t(`origin.${origin.kind}`)
}
