import { useSyncExternalStore } from 'react'

/** Under this width what a row says stands in one column, since nothing may be out of view. */
const query = () => window.matchMedia?.('(max-width: 1099px)')

function subscribe(listener: () => void): () => void {
  const media = query()
  media?.addEventListener('change', listener)
  return () => media?.removeEventListener('change', listener)
}

/** Whether the window has room for a column of each thing that is said of an image. */
export function useRoom(): boolean {
  return useSyncExternalStore(subscribe, () => !(query()?.matches ?? false))
}
