import { Tooltip } from '@fluentui/react-components'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { formatDuration, formatExact, formatPast } from '../format'
import { ValueStore } from '../state/keyedStore'

/** One clock for every relative time on screen; it ticks only while something shows one. */
const clock = new ValueStore(Date.now())
let listeners = 0
let ticking: ReturnType<typeof setInterval> | undefined

function subscribe(listener: () => void): () => void {
  const stop = clock.subscribe(listener)
  listeners += 1
  ticking ??= setInterval(() => clock.set(Date.now()), 20_000)
  return () => {
    stop()
    listeners -= 1
    if (listeners === 0 && ticking !== undefined) {
      clearInterval(ticking)
      ticking = undefined
    }
  }
}

/** The time of something that happened as people say it, with the exact one on hover. */
export function Moment({ time }: { time: string | null }) {
  const { t } = useTranslation()
  const ticked = useSyncExternalStore(subscribe, clock.get)
  if (time === null) return <span>{t('noValue')}</span>
  return (
    <Tooltip content={formatExact(time)} relationship="description">
      <time dateTime={time}>{formatPast(time, Math.max(ticked, Date.now()))}</time>
    </Tooltip>
  )
}

/** How long something lasts or lasted; grows by the second while there is no end. */
export function Lasting({ from, to }: { from: string; to: string | null }) {
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    if (to !== null) return
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [to])
  const end = to === null ? Math.max(now, Date.now()) : Date.parse(to)
  return <span>{formatDuration(Math.max(0, end - Date.parse(from)))}</span>
}
