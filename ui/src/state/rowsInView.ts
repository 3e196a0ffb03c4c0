import { useEffect } from 'react'
import { call } from '../backend'

let owner = 0

function tell(runtimes: string[]): void {
  // Without an answer the rows merely show no readings, which the next call mends.
  call('watch_rows', { runtimes }).catch(() => undefined)
}

/**
 * Says which runtimes are on screen: readings and frequent health checks are for these only. Of a
 * window that nobody sees, none is.
 */
export function useRowsInView(ids: readonly string[]): void {
  const key = ids.join(' ')
  useEffect(() => {
    owner += 1
    const say = () => tell(key === '' || document.hidden ? [] : key.split(' '))
    say()
    document.addEventListener('visibilitychange', say)
    return () => document.removeEventListener('visibilitychange', say)
  }, [key])
  useEffect(
    () => () => {
      const mine = owner
      // The page that comes next may already have told its own rows.
      queueMicrotask(() => {
        if (owner === mine) tell([])
      })
    },
    [],
  )
}
