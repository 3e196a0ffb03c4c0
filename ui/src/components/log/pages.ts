import type { LogLine, LogPage, LogView } from '../../backend/types'

/** Lines of a page. */
export const PAGE = 100
/** Pages that are kept: what is far from where the person reads is asked for again. */
export const KEPT_PAGES = 60

interface Part {
  /** Index of the first line. */
  from: number
  lines: readonly LogLine[]
  /** Still right to show, and to be read again. */
  stale: boolean
}

const pageOf = (index: number) => Math.floor(index / PAGE)

/** Lines of one revision of a view, by their index; a bounded number of them. */
export class LogPages {
  private readonly parts = new Map<number, Part>()
  /** Another one whenever what is on its way is stale already. */
  private epoch = 0

  constructor(readonly revision: number) {}

  line(index: number): LogLine | undefined {
    const part = this.parts.get(pageOf(index))
    return part?.lines[index - part.from]
  }

  /** Lines that are kept. */
  get size(): number {
    let size = 0
    for (const { lines } of this.parts.values()) size += lines.length
    return size
  }

  /** What has to be read before the lines from one index up to another can be shown; `null` = nothing. */
  missing(view: LogView, from: number, end: number): { from: number; count: number } | null {
    let first: number | null = null
    let last = 0
    const start = Math.max(from, view.first)
    for (let page = pageOf(start); page * PAGE < Math.min(end, view.end); page += 1) {
      if (this.isWhole(page, view)) continue
      first ??= page
      last = page
    }
    if (first === null) return null
    const begin = Math.max(first * PAGE, view.first)
    return { from: begin, count: Math.min((last + 1) * PAGE, view.end) - begin }
  }

  /** Says later whether what is asked for now is still right. */
  asked(): number {
    return this.epoch
  }

  take({ lines }: LogPage, asked: number): void {
    let from = 0
    while (from < lines.length) {
      const page = pageOf(lines[from]?.index ?? 0)
      let end = from + 1
      while (end < lines.length && pageOf(lines[end]?.index ?? 0) === page) end += 1
      // The last that were used are at the end of the map.
      this.parts.delete(page)
      this.parts.set(page, {
        from: lines[from]?.index ?? 0,
        lines: lines.slice(from, end),
        stale: asked !== this.epoch,
      })
      from = end
    }
    for (const page of this.parts.keys()) {
      if (this.parts.size <= KEPT_PAGES) break
      this.parts.delete(page)
    }
  }

  /** Everything is to be read again, and shown until then. */
  age(): void {
    this.epoch += 1
    for (const part of this.parts.values()) part.stale = true
  }

  /** The log went on behind this end: the group that its last line is in may have grown. */
  grown(end: number): void {
    const part = this.parts.get(pageOf(end - 1))
    if (part) part.stale = true
  }

  private isWhole(page: number, view: LogView): boolean {
    const part = this.parts.get(page)
    if (!part || part.stale) return false
    return (
      part.from <= Math.max(page * PAGE, view.first) &&
      part.from + part.lines.length >= Math.min((page + 1) * PAGE, view.end)
    )
  }
}
