import { useCallback, useMemo, useSyncExternalStore } from 'react'
import { sizes } from '../theme'

/** Whether the window is narrower than this, in pixels. */
export function useUnder(width: number): boolean {
  const media = useMemo(() => window.matchMedia?.(`(max-width: ${width - 1}px)`), [width])
  const subscribe = useCallback(
    (listener: () => void) => {
      media?.addEventListener('change', listener)
      return () => media?.removeEventListener('change', listener)
    },
    [media],
  )
  return useSyncExternalStore(subscribe, () => media?.matches ?? false)
}

/** Whether the window is too narrow for words in the navigation. */
export const useNarrow = (): boolean => useUnder(Number.parseInt(sizes.narrowWindow, 10))
