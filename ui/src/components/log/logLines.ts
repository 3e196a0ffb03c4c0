import type { LogLineView } from '../../backend/types'

/** Lines kept in memory of a followed log. */
export const LOG_LINES = 20_000
/** Lines dropped at once when there are too many, so that not each new line moves all others. */
const DROPPED_AT_ONCE = 2000

/** What is shown of a log. */
export interface LogView {
  lines: readonly LogLineView[]
  /** Number of the first line since following began; grows when old lines are dropped. */
  first: number
  /** Lines that came since the view was paused. */
  waiting: number
  paused: boolean
  /** Characters of the longest line shown, for the width. */
  longest: number
  /** Why no more lines come. */
  ended: string | null
}

const empty: LogView = {
  lines: [],
  first: 0,
  waiting: 0,
  paused: false,
  longest: 0,
  ended: null,
}

/** The last lines of a log: bounded, and still while paused. */
export class LogLines {
  private view: LogView = empty
  private kept: LogLineView[] = []
  private first = 0
  private longest = 0
  private readonly listeners = new Set<() => void>()

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  get = (): LogView => this.view

  add(lines: readonly LogLineView[]): void {
    for (const line of lines) {
      this.kept.push(line)
      if (line.text.length > this.longest) this.longest = line.text.length
    }
    if (this.kept.length > LOG_LINES) {
      const dropped = this.kept.length - LOG_LINES + DROPPED_AT_ONCE
      this.kept = this.kept.slice(dropped)
      this.first += dropped
    }
    if (this.view.paused) this.show({ waiting: this.view.waiting + lines.length })
    else this.showKept()
  }

  end(sentence: string): void {
    this.show({ ended: sentence })
  }

  pause(): void {
    if (!this.view.paused) this.show({ paused: true, lines: this.kept.slice() })
  }

  resume(): void {
    if (this.view.paused) this.showKept()
  }

  /** Begins again, for a container that started again. */
  reset(): void {
    this.kept = []
    this.first = 0
    this.longest = 0
    this.show(empty)
  }

  /** All lines that are shown, as text. */
  text(): string {
    return this.view.lines.map(({ text }) => text).join('\n')
  }

  private showKept(): void {
    this.show({
      lines: this.kept.slice(),
      first: this.first,
      waiting: 0,
      paused: false,
      longest: this.longest,
    })
  }

  private show(change: Partial<LogView>): void {
    this.view = { ...this.view, ...change }
    for (const listener of this.listeners) listener()
  }
}
