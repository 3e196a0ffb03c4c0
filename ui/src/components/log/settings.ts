import { useSyncExternalStore } from 'react'

/** Which time stands before each line. */
export type Times = 'local' | 'utc' | 'off'

export interface LogSettings {
  times: Times
  /** Groups of lines begin folded. */
  folded: boolean
}

const KEY = 'promptflow-runtimes.log'
const standard: LogSettings = { times: 'local', folded: true }

function read(): LogSettings {
  try {
    return { ...standard, ...JSON.parse(localStorage.getItem(KEY) ?? '{}') }
  } catch {
    return standard
  }
}

let current: LogSettings | null = null
const listeners = new Set<() => void>()

/** As the person last chose. */
export const logSettings = (): LogSettings => {
  current ??= read()
  return current
}

export function changeLogSettings(part: Partial<LogSettings>): void {
  current = { ...logSettings(), ...part }
  localStorage.setItem(KEY, JSON.stringify(current))
  for (const listener of listeners) listener()
}

/** For tests: what was chosen is read again. */
export function forgetLogSettings(): void {
  current = null
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** How the person wants logs; the window remembers it. */
export const useLogSettings = (): LogSettings => useSyncExternalStore(subscribe, logSettings)

const MONTHS = Array.from({ length: 12 }, (_, month) =>
  new Intl.DateTimeFormat('en-GB', { month: 'short', timeZone: 'UTC' }).format(
    Date.UTC(2026, month, 15),
  ),
)

const two = (value: number) => value.toString().padStart(2, '0')

/** Characters of a time. */
export const TIME_WIDTH = 19

/** `24 Nov 14:02:03.120`, always of one length: many of them are shown at once. */
export function formatLogTime(time: string, times: Exclude<Times, 'off'>): string {
  const then = new Date(time)
  if (Number.isNaN(then.getTime())) return ''
  const utc = times === 'utc'
  const day = utc ? then.getUTCDate() : then.getDate()
  const month = MONTHS[utc ? then.getUTCMonth() : then.getMonth()]?.slice(0, 3)
  const clock = utc
    ? [then.getUTCHours(), then.getUTCMinutes(), then.getUTCSeconds()]
    : [then.getHours(), then.getMinutes(), then.getSeconds()]
  const parts = then.getUTCMilliseconds().toString().padStart(3, '0')
  return `${two(day)} ${month} ${clock.map(two).join(':')}.${parts}`
}
