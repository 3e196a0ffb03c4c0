import { makeStyles, tokens } from '@fluentui/react-components'

const useStyles = makeStyles({
  line: { color: tokens.colorBrandForeground1, flexShrink: 0 },
})

/** The last readings as a small line; the number beside it tells the value. */
export function Sparkline({
  values,
  readings,
  width = 40,
  height = 16,
  floor = 10,
}: {
  values: readonly number[]
  /** How many readings fill the whole width. */
  readings: number
  width?: number
  height?: number
  /** The least that counts as the full height, so that noise stays flat. */
  floor?: number
}) {
  const styles = useStyles()
  const top = Math.max(floor, ...values)
  const step = width / Math.max(1, readings - 1)
  const begin = width - step * (values.length - 1)
  const points = values
    .map((value, index) => {
      const x = begin + step * index
      const y = height - 1 - (Math.max(0, value) / top) * (height - 2)
      return `${x.toFixed(1)},${y.toFixed(1)}`
    })
    .join(' ')
  return (
    <svg
      className={styles.line}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      aria-hidden="true"
      focusable="false"
    >
      <polyline points={points} fill="none" stroke="currentColor" strokeWidth="1.25" />
    </svg>
  )
}
