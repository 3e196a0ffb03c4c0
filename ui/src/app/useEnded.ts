import { useEffect, useRef } from 'react'
import type { KeyedStore } from '../state/keyedStore'

/** Calls `tell` once for each thing of a store that was active and is so no more. */
export function useEnded<T extends { id: string }>(
  store: KeyedStore<T>,
  isActive: (one: T) => boolean,
  tell: (one: T) => void,
): void {
  const latest = useRef(tell)
  useEffect(() => {
    latest.current = tell
  })
  useEffect(() => {
    const active = new Set<string>()
    const look = () => {
      for (const one of store.all()) {
        if (isActive(one)) active.add(one.id)
        else if (active.delete(one.id)) latest.current(one)
      }
    }
    look()
    return store.subscribe(look)
  }, [store, isActive])
}
