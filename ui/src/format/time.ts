import { messages } from '../messages'

// Making a formatter takes a millisecond, and a list shows many times. Those that know a time zone are
// made when they are used: a laptop travels.
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })

const STEPS: ReadonlyArray<[Intl.RelativeTimeFormatUnit, number]> = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 30],
  ['month', 12],
  ['year', Number.POSITIVE_INFINITY],
]

/** `3 minutes ago`, `in 2 days`; less than 10 seconds is *just now*. */
export function formatRelative(time: string, now: number = Date.now()): string {
  const then = Date.parse(time)
  if (Number.isNaN(then)) return messages.t('noValue')
  let value = (then - now) / 1000
  if (Math.abs(value) < 10) return messages.t('time.justNow')
  for (const [unit, size] of STEPS) {
    const rounded = Math.round(value)
    if (Math.abs(rounded) < size) return relative.format(rounded, unit)
    value /= size
  }
  return messages.t('noValue')
}

/**
 * When something happened, as people say it. What a clock that was set back since puts into the future
 * is told by its date: nothing has happened *in 2 days*.
 */
export function formatPast(time: string, now: number = Date.now()): string {
  return Date.parse(time) - now > 10_000 ? formatExact(time) : formatRelative(time, now)
}

/** Made once: that takes far longer than a use, and lines of a log are many. */
const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })

/** Date and time to the second, in the person's zone. */
export function formatExact(time: string): string {
  const then = Date.parse(time)
  return Number.isNaN(then) ? messages.t('noValue') : exact.format(then)
}

/** Hours and minutes, `14:02`. */
export function formatClock(time: string): string {
  const then = Date.parse(time)
  if (Number.isNaN(then)) return messages.t('noValue')
  return new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' }).format(then)
}

/** Whole days from one date to another, by the calendar. */
function daysBetween(from: Date, to: Date): number {
  const midnight = (date: Date) => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate())
  return Math.round((midnight(to) - midnight(from)) / 86_400_000)
}

/** A near moment as people say it: `today at 02:00`, `tomorrow at 02:00`, `on 6 May at 02:00`. */
export function formatMoment(time: string, now: number = Date.now()): string {
  const then = new Date(time)
  if (Number.isNaN(then.getTime())) return messages.t('noValue')
  const clock = formatClock(time)
  switch (daysBetween(new Date(now), then)) {
    case -1:
      return messages.t('moment.yesterday', { clock })
    case 0:
      return messages.t('moment.today', { clock })
    case 1:
      return messages.t('moment.tomorrow', { clock })
    default:
      return messages.t('moment.on', { day: dayOf(then), clock })
  }
}

function dayOf(date: Date): string {
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long' }).format(date)
}

/** A date without a time, `2024-05-06` as `6 May`. */
export function formatDay(date: string): string {
  const then = new Date(`${date}T12:00:00`)
  return Number.isNaN(then.getTime()) ? messages.t('noValue') : dayOf(then)
}

/**
 * A length of time given in milliseconds: `820 ms`, `2.1 s`, `3 min 4 s`, `5 h 2 min`; none is
 * negative, whatever a clock says.
 */
export function formatDuration(length: number): string {
  const t = messages.t
  const milliseconds = Math.max(0, length)
  if (milliseconds < 1000) return t('duration.milliseconds', { count: Math.round(milliseconds) })
  const seconds = milliseconds / 1000
  if (seconds < 60) {
    const value = seconds < 10 ? seconds.toFixed(1).replace(/\.0$/, '') : Math.floor(seconds)
    return t('duration.seconds', { value })
  }
  const whole = Math.floor(seconds)
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return t('duration.minutes', { minutes, seconds: whole % 60 })
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return t('duration.hours', { hours, minutes: minutes % 60 })
  return t('duration.days', { count: Math.floor(hours / 24), hours: hours % 24 })
}

/** Age of a version, `3 days old`. */
export function formatAge(days: number): string {
  return days <= 0 ? messages.t('age.today') : messages.t('age.days', { count: days })
}
