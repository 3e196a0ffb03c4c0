import type { Theme } from '@fluentui/react-components'
import { useEffect, useSyncExternalStore } from 'react'
import { useLiveSettings } from '../state'
import { darkTheme, lightTheme } from '../theme'

const query = () => window.matchMedia?.('(prefers-color-scheme: dark)')

function subscribe(listener: () => void): () => void {
  const media = query()
  media?.addEventListener('change', listener)
  return () => media?.removeEventListener('change', listener)
}

/** The theme that the person chose, or the system's. */
export function useTheme(): Theme {
  const systemIsDark = useSyncExternalStore(subscribe, () => query()?.matches ?? false)
  const appearance = useLiveSettings()?.appearance ?? 'system'
  const dark = appearance === 'dark' || (appearance === 'system' && systemIsDark)
  useEffect(() => {
    // Scroll bars and form parts of the web view follow.
    document.documentElement.style.colorScheme = dark ? 'dark' : 'light'
  }, [dark])
  return dark ? darkTheme : lightTheme
}
