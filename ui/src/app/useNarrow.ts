import { useSyncExternalStore } from 'react'
import { sizes } from '../theme'

const query = () => window.matchMedia?.(`(max-width: calc(${sizes.narrowWindow} - 1px))`)

function subscribe(listener: () => void): () => void {
  const media = query()
  media?.addEventListener('change', listener)
  return () => media?.removeEventListener('change', listener)
}

/** Whether the window is too narrow for words in the navigation. */
export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => query()?.matches ?? false)
}
