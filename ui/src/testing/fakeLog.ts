import { sendOver } from '../backend/fakeIpc'
import type {
  FindInLog,
  LogFacets,
  LogFilter,
  LogFound,
  LogLevel,
  LogLine,
  LogPage,
  LogPiece,
  LogPlace,
  LogPosition,
  LogQuery,
  LogSourceView,
  LogState,
  LogView,
  NodeTimes,
  Problem,
} from '../backend/types'
import * as fixtures from './fixtures'

/** A line of a pretended log. */
export interface FakeLine {
  text: string
  time?: string | null
  source?: number
  error?: boolean
  level?: LogLevel
  node?: string
  row?: number
  run?: string
  noise?: boolean
  continued?: boolean
  /** Instead of the plain text. */
  pieces?: LogPiece[]
  /** The whole line, where `text` is only its beginning. */
  whole?: string
  place?: LogPlace
  /** It is inside the group that the nearest line above that is not heads. */
  inside?: boolean
  summary?: string
}

export interface FakeLogParts {
  live: boolean
  sources: LogSourceView[]
  notes: string[]
  commands: string[]
  times: NodeTimes
  /** Why it cannot be opened. */
  problem: Problem
}

const all: LogFilter = {
  levels: [],
  nodes: [],
  rows: [],
  runs: [],
  sources: [],
  text: null,
  noise: false,
  folded: false,
}

export const logSource = (parts: Partial<LogSourceView> = {}): LogSourceView => ({
  name: 'my-runtime',
  runtime: 'mine',
  following: true,
  ended: null,
  problem: null,
  ...parts,
})

function expressionOf({ text, expression, case: exact }: LogQuery): RegExp {
  try {
    const source = expression ? text : text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    return new RegExp(source, exact ? 'g' : 'gi')
  } catch {
    throw fixtures.problem({
      code: 'invalidInput',
      sentence: 'A parenthesis is not closed.',
      hints: [],
      field: 'text',
    })
  }
}

/** A log of tests and of the gallery; whoever opens it gets a view of it. */
export class FakeLog {
  readonly views = new Map<number, FakeView>()
  readonly parts: Partial<FakeLogParts>
  lines: FakeLine[]
  /** Number of the first line. */
  first = 0
  whole = true

  constructor(lines: FakeLine[] = [], parts: Partial<FakeLogParts> = {}) {
    this.lines = lines
    this.parts = { ...parts }
  }

  at(number: number): FakeLine {
    const line = this.lines[number - this.first]
    if (!line) throw new Error(`the log has no line ${number}`)
    return line
  }

  get end(): number {
    return this.first + this.lines.length
  }

  append(...lines: FakeLine[]): void {
    const { end } = this
    for (const line of lines) this.lines.push(line)
    for (const view of this.views.values()) view.grow(end)
  }

  /** Older lines were read. */
  prepend(lines: FakeLine[]): void {
    this.lines = [...lines, ...this.lines]
    this.first -= lines.length
    this.whole = true
    for (const view of this.views.values()) {
      view.build()
      view.tell()
    }
  }

  /** Tells again how it stands. */
  change(parts: Partial<FakeLogParts>): void {
    Object.assign(this.parts, parts)
    for (const view of this.views.values()) view.tell()
  }
}

/** One who looks at a log. */
export class FakeView {
  filter: LogFilter = all
  private query: LogQuery | null = null
  private readonly turned = new Map<number, boolean>()
  private revision = 1
  private facetsTold = 0
  /** Numbers of the lines that are shown, in order. */
  private numbers: number[] = []

  constructor(
    readonly log: FakeLog,
    private readonly channel: unknown,
  ) {
    this.build()
  }

  build(): void {
    this.numbers = []
    this.add(this.log.first)
  }

  private add(from: number): void {
    for (let number = from; number < this.log.end; number += 1) {
      if (this.passes(number) && !this.isHidden(number)) this.numbers.push(number)
    }
  }

  grow(from: number): void {
    this.add(from)
    // At most once a second, as the application does.
    this.tell(performance.now() - this.facetsTold > 1000)
  }

  private head(number: number): number {
    let head = number
    while (this.log.at(head).inside && head > this.log.first) head -= 1
    return head
  }

  private isFolded(head: number): boolean {
    return this.turned.get(head) ?? this.filter.folded
  }

  private isHidden(number: number): boolean {
    return this.log.at(number).inside === true && this.isFolded(this.head(number))
  }

  private passes(number: number): boolean {
    const { levels, nodes, rows, runs, sources, text, noise } = this.filter
    const line = this.log.at(number)
    const among = <T>(wanted: T[], one: T | undefined) =>
      wanted.length === 0 || (one !== undefined && wanted.includes(one))
    return (
      (noise || line.noise !== true) &&
      among(levels, line.level ?? 'none') &&
      among(nodes, line.node) &&
      among(rows, line.row) &&
      among(runs, line.run) &&
      among(sources, line.source ?? 0) &&
      (text === null || expressionOf(text).test(line.text))
    )
  }

  private get zero(): number {
    const found = this.numbers.findIndex((number) => number >= 0)
    return found < 0 ? this.numbers.length : found
  }

  get view(): LogView {
    const first = 0 - this.zero
    return { revision: this.revision, first, end: first + this.numbers.length }
  }

  private get matches(): number[] {
    const { query } = this
    if (!query) return []
    const found: number[] = []
    for (let number = this.log.first; number < this.log.end; number += 1) {
      if (this.passes(number) && expressionOf(query).test(this.log.at(number).text)) {
        found.push(number)
      }
    }
    return found
  }

  get state(): LogState {
    const { log } = this
    return {
      first: log.first,
      end: log.end,
      whole: log.whole,
      reading: log.whole ? 0 : 1200,
      live: log.parts.live ?? true,
      noise: log.lines.length > 20_000 ? 0 : log.lines.filter(({ noise }) => noise).length,
      view: this.view,
      search: this.query ? { lines: this.matches.length } : null,
      sources: log.parts.sources ?? [logSource()],
      notes: log.parts.notes ?? [],
    }
  }

  get facets(): LogFacets {
    const count = <T>(of: (line: FakeLine) => T | undefined) => {
      const counts = new Map<T, number>()
      for (const line of this.log.lines.slice(-20_000)) {
        const key = of(line)
        if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1)
      }
      return [...counts]
    }
    return {
      levels: count(({ level }) => level ?? 'none').map(([level, lines]) => ({ level, lines })),
      nodes: count(({ node }) => node).map(([name, lines]) => ({ name, lines })),
      rows: count(({ row }) => row).map(([row, lines]) => ({ row, lines })),
      runs: count(({ run }) => run).map(([name, lines]) => ({ name, lines })),
      more: false,
    }
  }

  tell(facets = true): void {
    sendOver(this.channel, { kind: 'state', ...this.state })
    if (!facets) return
    this.facetsTold = performance.now()
    sendOver(this.channel, { kind: 'facets', ...this.facets })
  }

  setFilter(filter: LogFilter): LogView {
    if (filter.text) expressionOf(filter.text)
    if (filter.folded !== this.filter.folded) this.turned.clear()
    this.filter = filter
    return this.changed()
  }

  fold(number: number, folded: boolean): LogView {
    this.turned.set(number, folded)
    return this.changed()
  }

  private changed(): LogView {
    this.revision += 1
    this.build()
    this.tell()
    return this.view
  }

  search(query: LogQuery | null) {
    if (query) expressionOf(query)
    this.query = query
    return { matches: query ? { lines: this.matches.length } : null }
  }

  locate(number: number): LogPosition {
    const before = this.numbers.filter((one) => one <= number)
    const found = before.at(-1) ?? this.numbers[0] ?? 0
    return { view: this.view, index: this.numbers.indexOf(found) - this.zero, number: found }
  }

  find({ number, backwards, here }: FindInLog): LogFound {
    const { matches } = this
    const lines = { lines: matches.length }
    if (matches.length === 0) return { found: null, matches: lines }
    const beyond = backwards
      ? matches.findLast((one) => one < number || (here && one === number))
      : matches.find((one) => one > number || (here && one === number))
    const found = beyond ?? (backwards ? matches.at(-1) : matches[0]) ?? 0
    if (this.isHidden(found)) this.fold(this.head(found), false)
    return {
      found: {
        position: this.locate(found),
        ordinal: matches.indexOf(found) + 1,
        wrapped: beyond === undefined,
      },
      matches: lines,
    }
  }

  read(from: number, count: number): LogPage {
    const { view } = this
    const start = Math.max(from, view.first)
    const lines: LogLine[] = []
    for (let index = start; index < Math.min(view.end, from + Math.min(count, 1000)); index += 1) {
      lines.push(this.line(index, this.numbers[index - view.first] ?? 0))
    }
    return { view, lines }
  }

  private line(index: number, number: number): LogLine {
    const { log } = this
    const line = log.at(number)
    let inside = 0
    while (!line.inside && number + 1 + inside < log.end && log.at(number + 1 + inside).inside) {
      inside += 1
    }
    return {
      index,
      number,
      time: line.time ?? null,
      source: line.source ?? 0,
      error: line.error ?? false,
      level: line.level ?? 'none',
      node: line.node ?? null,
      row: line.row ?? null,
      run: line.run ?? null,
      noise: line.noise ?? false,
      continued: line.continued ?? false,
      pieces: this.pieces(line),
      cut: line.whole === undefined ? null : line.whole.length,
      fold:
        inside > 0
          ? { lines: inside, folded: this.isFolded(number), summary: line.summary ?? null }
          : null,
      inFold: line.inside ?? false,
      place: line.place ?? null,
    }
  }

  private pieces({ text, pieces }: FakeLine): LogPiece[] {
    if (pieces && !this.query) return pieces
    if (!this.query) return [{ text }]
    const parts: LogPiece[] = []
    let from = 0
    for (const found of text.matchAll(expressionOf(this.query))) {
      if (found.index > from) parts.push({ text: text.slice(from, found.index) })
      parts.push({ text: found[0], found: true })
      from = found.index + found[0].length
    }
    return [...parts, { text: text.slice(from) }]
  }

  text(from: number, end: number, times: boolean) {
    const { first } = this.view
    const text = this.numbers
      .slice(Math.max(0, from - first), Math.max(0, end - first))
      .map((number) => this.log.at(number))
      .map((line) => (times && line.time ? `${line.time} ${line.text}` : line.text))
      .join('\n')
    return { text, cut: text.length > 8 * 1024 * 1024 }
  }

  whole(number: number, from: number) {
    const { whole, text } = this.log.at(number)
    const all = whole ?? text
    const end = from + 64 * 1024
    return {
      text: all.slice(from, end),
      next: end < all.length ? end : null,
      bytes: all.length,
    }
  }
}
