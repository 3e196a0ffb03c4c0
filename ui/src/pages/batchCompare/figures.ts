import type { ComparedBatch } from '../../backend/types'
import { formatCount, formatDifference, formatDuration, formatMeasure } from '../../format'

/** One figure of a batch run, and how much more it is than that of the first one. */
export interface Figure {
  shown: string
  /** `null` = it is of the first, or one of both is not known. */
  difference: string | null
}

/** Figures that every batch run has. */
export type FigureKey = 'completed' | 'failed' | 'took' | 'tokens' | 'mean' | 'median' | 'p90'

/** One figure of every batch run. */
export interface FigureRow<K extends string = string> {
  key: K
  figures: Array<Figure | null>
}

type Measured = (of: ComparedBatch) => number | null

const took: Measured = ({ batch: { started, ended } }) =>
  ended === null ? null : Math.max(0, Date.parse(ended) - Date.parse(started))

/** How much more time, with its sign. */
function timeDifference(milliseconds: number): string {
  if (Math.abs(milliseconds) < 1) return '±0'
  return `${milliseconds > 0 ? '+' : '−'}${formatDuration(Math.abs(milliseconds))}`
}

function rowOf<K extends string>(
  key: K,
  all: readonly ComparedBatch[],
  measured: Measured,
  show: (value: number) => string,
  differ: (value: number) => string,
): FigureRow<K> {
  const values = all.map(measured)
  const first = values[0] ?? null
  return {
    key,
    figures: values.map((value, index) =>
      value === null
        ? null
        : {
            shown: show(value),
            difference: index === 0 || first === null ? null : differ(value - first),
          },
    ),
  }
}

const seconds = (value: number) => formatDuration(value * 1000)

/** Names of metrics that any of them measured, by name. */
export const metricNames = (all: readonly ComparedBatch[]): string[] =>
  [...new Set(all.flatMap(({ batch }) => batch.metrics.map(({ name }) => name)))].sort()

/** A metric of one of them; `null` = it did not measure it. */
export const metricOf = ({ batch }: ComparedBatch, name: string): number | null =>
  batch.metrics.find((metric) => metric.name === name)?.value ?? null

/** Everything about batch runs that is one number, each in a row. */
export function figureRows(all: readonly ComparedBatch[]): {
  figures: FigureRow<FigureKey>[]
  metrics: FigureRow[]
} {
  const count = (key: FigureKey, measured: Measured) =>
    rowOf(key, all, measured, formatCount, formatDifference)
  const time = (key: FigureKey, measured: Measured) =>
    rowOf(key, all, measured, seconds, (value) => timeDifference(value * 1000))
  return {
    figures: [
      count('completed', ({ batch }) => batch.completed),
      count('failed', ({ batch }) => batch.failed),
      rowOf('took', all, took, formatDuration, timeDifference),
      count('tokens', ({ batch }) => batch.tokens?.total ?? null),
      time('mean', ({ latency }) => latency?.mean ?? null),
      time('median', ({ latency }) => latency?.median ?? null),
      time('p90', ({ latency }) => latency?.p90 ?? null),
    ],
    metrics: metricNames(all).map((name) =>
      rowOf(name, all, (one) => metricOf(one, name), formatMeasure, formatDifference),
    ),
  }
}

/** What each is called beside the others: of equal names, with a number. */
export function namesOf(all: readonly ComparedBatch[]): string[] {
  const seen = new Map<string, number>()
  return all.map(({ batch: { name } }) => {
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return count === 1 ? name : `${name} (${count})`
  })
}
