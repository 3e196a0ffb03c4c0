import { call, openLog, type ProblemError, problemOf } from '../../backend'
import type {
  LogFacets,
  LogFilter,
  LogLine,
  LogMatches,
  LogOf,
  LogPosition,
  LogQuery,
  LogState,
  LogView,
  Problem,
} from '../../backend/types'
import { LogPages } from './pages'

/** A place that the lines have to be moved to. Another one is another object. */
export interface Jump {
  index: number
  /** Where the line comes to stand: in the middle unless it is in view, else so many pixels under the top. */
  at: 'inView' | number
  /** The line becomes the one that the keyboard is at. */
  choose: boolean
}

/** A line of which the place on screen is kept while indexes change. */
export interface Anchor {
  number: number
  /** Pixels under the top of what is seen. */
  offset: number
  chosen: boolean
}

export interface SearchShown {
  query: LogQuery | null
  matches: LogMatches | null
  /** The line that was gone to last. */
  current: { number: number; ordinal: number } | null
  /** Why it cannot be searched for; with the field `text` it is what was typed. */
  problem: Problem | null
}

/** What is shown of an open log. */
export interface LogShown {
  state: LogState | null
  facets: LogFacets
  /** The view that the lines are of; the application's may be further. */
  view: LogView
  filter: LogFilter
  search: SearchShown
  /** Why it was not opened. */
  problem: Problem | null
  /** The last lines stay in view. */
  following: boolean
  /** Lines that came since the person left the end. */
  waiting: number
  jump: Jump | null
  /** Another one whenever lines came or changed. */
  lines: number
}

export const everything: LogFilter = {
  levels: [],
  nodes: [],
  rows: [],
  runs: [],
  sources: [],
  text: null,
  noise: false,
  folded: false,
}

const none: LogView = { revision: 0, first: 0, end: 0 }

const begin: LogShown = {
  state: null,
  facets: { levels: [], nodes: [], runs: [], rows: [], more: false },
  view: none,
  filter: everything,
  search: { query: null, matches: null, current: null, problem: null },
  problem: null,
  following: true,
  waiting: 0,
  jump: null,
  lines: 0,
}

/** Lines that are read beyond those that are seen, on either side. */
const AROUND = 60
/** Lines that are seen before anything is known of the window. */
const SEEN = 60

/** Whether a view is a later one; answers and news may come in any order. */
function isLater(one: LogView, than: LogView): boolean {
  if (one.revision !== than.revision) return one.revision > than.revision
  return one.end > than.end || one.first < than.first
}

/**
 * An open log: which part of it is in view, and the lines of that part. A later view is shown once its lines in view
 * are there, so that nothing flickers; whatever comes meanwhile is read at once afterwards.
 */
export class LogSession {
  private shown: LogShown
  private pages = new LogPages(0)
  /** Lines of a view that is not shown yet. */
  private coming: LogPages | null = null
  private latest: LogView = none
  private wanted: readonly [number, number] = [0, SEEN]
  private rows = SEEN
  private pending: Jump | null = null
  private leftAt: LogView = none
  /** Changes that were asked for and are not answered; until then no other view is shown. */
  private holding = 0
  private working = false
  private searches = 0
  /** What is shown together with the next change. */
  private news: Partial<LogShown> = {}
  /** What was typed before the log was open. */
  private early: LogQuery | null = null
  private stream: number | null = null
  private close: (() => void) | null = null
  private closed = false
  private readonly listeners = new Set<() => void>()

  constructor(filter: LogFilter = everything) {
    this.shown = { ...begin, filter }
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  get = (): LogShown => this.shown

  /** A line of the view that is shown; `undefined` = it is on its way. */
  line(index: number): LogLine | undefined {
    return this.pages.line(index)
  }

  /** Lines that are in memory. */
  get kept(): number {
    return this.pages.size + (this.coming?.size ?? 0)
  }

  /** Opens the log; the answer closes it. */
  open(of: LogOf): () => void {
    this.holding += 1
    openLog(of, (news) => {
      if (this.closed) return
      if (news.kind === 'facets') this.show({ facets: news })
      else this.hear(news)
    })
      .then(async ({ stream, close }) => {
        if (this.closed) return close()
        this.stream = stream
        this.close = close
        // What is asked for from the beginning is there before the first line is.
        if (this.shown.filter !== everything) {
          this.meet(await call('filter_log', { stream, filter: this.shown.filter }))
        }
        if (this.early) await this.search(this.early, null)
      })
      .catch((error) => this.show({ problem: problemOf(error) }))
      .finally(() => this.release())
    return () => {
      this.closed = true
      this.close?.()
    }
  }

  /** Which lines are seen, by their indexes. */
  look(first: number, end: number): void {
    this.rows = Math.max(1, end - first)
    this.wanted = [first, end]
    this.work()
  }

  follow(following: boolean): void {
    if (following === this.shown.following) return
    this.leftAt = this.shown.view
    this.show({ following, waiting: 0 })
    this.work()
  }

  /** Sets what is filtered by. */
  filter(part: Partial<LogFilter>, anchor: Anchor | null): Promise<void> {
    const filter = { ...this.shown.filter, ...part }
    // Which of the lines found it was is another one among others.
    this.show({ filter, search: { ...this.shown.search, current: null } })
    return this.change(anchor, (stream) => call('filter_log', { stream, filter }))
  }

  fold(number: number, folded: boolean, anchor: Anchor | null): Promise<void> {
    return this.change(anchor, (stream) => call('fold_log', { stream, number, folded }))
  }

  /** Searches, and goes to the first line from a number on in which it is found. */
  async search(query: LogQuery | null, from: number | null): Promise<void> {
    const mine = ++this.searches
    const stream = this.stream
    if (stream === null) {
      this.early = query
      return
    }
    try {
      const { matches } = await call('search_log', { stream, query })
      if (mine !== this.searches) return
      this.pages.age()
      this.coming?.age()
      this.show({ search: { query, matches, current: null, problem: null } })
      this.work()
      if (matches && matches.lines > 0 && from !== null) await this.find(false, from, true)
    } catch (error) {
      const problem = problemOf(error)
      if (mine !== this.searches || problem.code === 'changedMeanwhile') return
      this.show({ search: { query: null, matches: null, current: null, problem } })
    }
  }

  /** Goes to the next line in which the search finds something, from a line's number on. */
  async find(backwards: boolean, number: number, here = false): Promise<void> {
    const mine = this.searches
    const from = this.shown.search.current?.number ?? number
    const first = this.shown.search.current === null
    await this.ask(async (stream) => {
      const answer = await call('find_in_log', {
        stream,
        number: from,
        backwards,
        here: here || (first && !backwards),
      })
      if (mine !== this.searches) return
      const { found, matches } = answer
      const current = found && { number: found.position.number, ordinal: found.ordinal }
      this.show({ search: { ...this.shown.search, matches, current } })
      if (found) this.go(found.position)
    })
  }

  /** Goes to a line by its number, or to the nearest one that is shown. */
  goTo(number: number): Promise<void> {
    return this.ask(async (stream) => this.go(await call('locate_in_log', { stream, number })))
  }

  /** Goes to a line by its index. */
  goToIndex(index: number): void {
    this.go({ view: this.latest, index, number: 0 })
    this.work()
  }

  /** The name of the log in requests; `null` = it is not open yet. */
  get name(): number | null {
    return this.stream
  }

  private go({ view, index }: LogPosition): void {
    this.meet(view)
    this.leave()
    this.pending = { index, at: 'inView', choose: true }
    this.wanted = [index - this.rows, index + this.rows]
  }

  private leave(): void {
    if (!this.shown.following) return
    this.leftAt = this.shown.view
    this.show({ following: false, waiting: 0 })
  }

  private async change(
    anchor: Anchor | null,
    ask: (stream: number) => Promise<LogView>,
  ): Promise<void> {
    await this.ask(async (stream) => {
      this.meet(await ask(stream))
      if (!anchor || this.shown.following) return
      const { view, index } = await call('locate_in_log', { stream, number: anchor.number })
      this.meet(view)
      this.pending = { index, at: anchor.offset, choose: anchor.chosen }
      this.wanted = [index - this.rows, index + this.rows]
    })
  }

  /** Asks for something that may change the view, which is shown once that is answered. */
  private async ask(what: (stream: number) => Promise<void>): Promise<void> {
    const { stream } = this
    if (stream === null) return
    this.holding += 1
    try {
      await what(stream)
    } catch (error) {
      const { problem } = error as ProblemError
      if (problem?.code !== 'changedMeanwhile') throw error
    } finally {
      this.release()
    }
  }

  private release(): void {
    this.holding -= 1
    this.work()
  }

  private hear({ kind: _, ...state }: { kind: 'state' } & LogState): void {
    this.meet(state.view)
    const { search, view, following } = this.shown
    const news = {
      state,
      ...(search.query && state.search ? { search: { ...search, matches: state.search } } : {}),
    }
    // The lines that it tells of are on their way: one change of the page for both.
    const comes = following && this.stream !== null && isLater(state.view, view)
    if (comes && this.shown.state !== null) this.news = { ...this.news, ...news }
    else this.show(news)
    this.work()
  }

  private meet(view: LogView): void {
    if (!isLater(view, this.latest)) return
    if (view.revision === this.latest.revision && view.end > this.latest.end) {
      this.pagesOf(view)?.grown(this.latest.end)
    }
    this.latest = view
    if (view.revision !== this.pages.revision && view.revision !== this.coming?.revision) {
      this.coming = new LogPages(view.revision)
    }
  }

  private pagesOf({ revision }: LogView): LogPages | null {
    if (this.pages.revision === revision) return this.pages
    return this.coming?.revision === revision ? this.coming : null
  }

  /** What has to be there before a view can be shown. */
  private needed(view: LogView): [number, number] {
    if (this.shown.following) return [view.end - this.rows - AROUND, view.end]
    const length = this.wanted[1] - this.wanted[0]
    const first = Math.max(view.first, Math.min(this.wanted[0], view.end - length))
    return [first - AROUND, first + length + AROUND]
  }

  /** Reads until what is in view of the latest view is there. One request at a time. */
  private async work(): Promise<void> {
    if (this.working || this.closed || this.stream === null || this.holding > 0) return
    this.working = true
    try {
      let before = ''
      let taken = false
      while (!this.closed && this.holding === 0) {
        const view = this.latest
        const pages = this.pagesOf(view)
        const missing = pages?.missing(view, ...this.needed(view)) ?? null
        // What was answered without it will not come by being asked for again.
        const key = missing ? `${JSON.stringify(view)} ${missing.from} ${missing.count}` : ''
        if (!pages || !missing || key === before) {
          this.commit(view, taken)
          taken = false
          if (view === this.latest) return
          continue
        }
        before = key
        const asked = pages.asked()
        const answer = await call('read_log', { stream: this.stream, ...missing })
        if (answer.view.revision === pages.revision) {
          pages.take(answer, asked)
          if (asked !== pages.asked()) before = ''
        }
        this.meet(answer.view)
        taken ||= pages === this.pages
      }
    } catch (error) {
      if (!this.closed) this.show({ problem: problemOf(error) })
    } finally {
      this.working = false
    }
  }

  /** `taken` = of the view that is shown there are other lines now. */
  private commit(view: LogView, taken: boolean): void {
    const jump = this.pending
    if (view === this.shown.view && jump === null) {
      if (taken) this.show({ lines: this.shown.lines + 1 })
      return
    }
    this.pending = null
    if (view.revision !== this.pages.revision && this.coming?.revision === view.revision) {
      this.pages = this.coming
      this.coming = null
    }
    if (view.revision !== this.leftAt.revision) this.leftAt = view
    this.show({
      view,
      lines: this.shown.lines + 1,
      waiting: this.shown.following ? 0 : view.end - this.leftAt.end,
      ...(jump ? { jump } : {}),
    })
  }

  private show(change: Partial<LogShown>): void {
    this.shown = { ...this.shown, ...this.news, ...change }
    this.news = {}
    for (const listener of this.listeners) listener()
  }
}
