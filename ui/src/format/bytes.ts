const UNITS = ['KB', 'MB', 'GB', 'TB'] as const

/** A size as people read it: powers of 1024 with the short unit names, `212 MB`, `1.4 GB`. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes) || bytes < 0) return '–'
  if (bytes < 1024) return `${Math.round(bytes)} B`
  let value = bytes
  let unit = -1
  do {
    value /= 1024
    unit += 1
  } while (value >= 999.5 && unit < UNITS.length - 1)
  const text = value < 9.95 ? value.toFixed(1).replace(/\.0$/, '') : Math.round(value).toString()
  return `${text} ${UNITS[unit]}`
}

/** A rate, `3.2 MB/s`. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`
}
