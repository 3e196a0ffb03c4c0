import type { Batch, NamedValue } from '../../backend/types'
import { formatMeasure } from '../../format'

/** Characters of a value that a cell of a table can show at the most. */
const CELL = 240

/** A value in one line, as a cell shows it. */
export function inOneLine(text: string): string {
  return text.slice(0, CELL).replace(/\s+/g, ' ').trim()
}

/** The value of a name in one line; `undefined` = there is none. */
export function lineOf(values: readonly NamedValue[], name: string): string | undefined {
  const found = values.find((one) => one.name === name)
  return found && inOneLine(found.value.text)
}

/** All values in one line: the only one alone, several with their names. */
export function allInOneLine(values: readonly NamedValue[]): string {
  const [first] = values
  if (values.length === 1 && first) return inOneLine(first.value.text)
  return values.map(({ name, value }) => `${name}: ${inOneLine(value.text)}`).join(' · ')
}

/** What was measured, in one line. */
export const metricsInOneLine = ({ metrics }: Batch): string =>
  metrics.map(({ name, value }) => `${name} ${formatMeasure(value)}`).join(' · ')

/** Names of the runtimes, in one line. */
export const runtimesInOneLine = ({ lanes }: Batch): string =>
  lanes.map(({ name }) => name).join(', ')
