const grouped = new Intl.NumberFormat('en')
const measured = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 })

/** A whole number as people read it, `1,000,000`. */
export const formatCount = (count: number): string => grouped.format(count)

/** A number that was measured, to four digits: `0.8125`, `1,234`. */
export const formatMeasure = (value: number): string => measured.format(value)

/** How much more than another number, with its sign: `+0.05`, `−3`, `±0`. */
export function formatDifference(value: number): string {
  // What differs by less than what is shown is the same.
  const shown = measured.format(Math.abs(value))
  if (Math.abs(value) < 1e-9 || shown === '0') return '±0'
  return `${value > 0 ? '+' : '−'}${shown}`
}
