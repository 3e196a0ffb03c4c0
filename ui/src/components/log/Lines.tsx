import { makeStyles } from '@fluentui/react-components'
import { useVirtualizer } from '@tanstack/react-virtual'
import {
  type KeyboardEvent,
  type MouseEvent,
  type RefObject,
  useEffect,
  useId,
  useImperativeHandle,
  useLayoutEffect,
  useReducer,
  useRef,
} from 'react'
import { useTranslation } from 'react-i18next'
import { useTheme } from '../../app/useTheme'
import type { LogLine } from '../../backend/types'
import { sizes } from '../../theme'
import { useLineStyles } from './lineStyles'
import { Row, type RowActions } from './Row'
import type { Anchor, LogSession, LogShown } from './session'
import { TIME_WIDTH, useLogSettings } from './settings'

/** Rows that the scrolled element has at most: browsers do not bear elements of any height. */
export const MOST_ROWS = 1_000_000
/** Rows from the end of the scrolled element at which it moves on. */
const NEAR = 2000

const useStyles = makeStyles({
  // Around what scrolls; the line under it tells which one has the focus.
  log: { display: 'flex', flexDirection: 'column', flexGrow: 1, minHeight: 0 },
})

/** Lines that are chosen, by their indexes in one revision of the view: from where to where the keyboard is. */
export interface Chosen {
  revision: number
  anchor: number
  cursor: number
}

/** What the tools around ask of the lines. */
export interface LinesHandle {
  /** The line that is to stay where it is while indexes change. */
  anchor: () => Anchor | null
  /** Number of the first line that is seen. */
  firstNumber: () => number | null
  focus: () => void
}

const bounded = (value: number, least: number, most: number) =>
  Math.max(least, Math.min(value, most))

/** Characters before a line's text: its time, what folds it, and what is between them. */
const BEFORE = TIME_WIDTH + 6

/** Characters of a line with what stands behind its text; about, for the width. */
function lengthOf({ pieces, fold, cut, place }: LogLine): number {
  const text = pieces.reduce((sum, piece) => sum + piece.text.length, 0)
  const folded = fold?.folded ? 16 + (fold.summary?.length ?? 0) : 0
  return text + folded + (cut === null ? 0 : 20) + (place?.path ? 20 : 0)
}

/**
 * The lines of a log: the end stays in view until the person scrolls up; what is read stays in its place when older
 * lines join. One tab stop; arrow keys choose lines.
 */
export function Lines({
  session,
  shown,
  label,
  chosen,
  onChosen,
  onCopy,
  actions,
  handle,
}: {
  session: LogSession
  shown: LogShown
  label: string
  chosen: Chosen | null
  onChosen: (chosen: Chosen | null) => void
  onCopy: () => void
  actions: RowActions
  handle: RefObject<LinesHandle | null>
}) {
  const styles = useStyles()
  const area = useLineStyles()
  const { t } = useTranslation('log')
  const id = useId()
  const { colorNeutralBackground2, colorNeutralForeground1 } = useTheme()
  const ground = useRef({ ground: '', text: '' })
  if (ground.current.ground !== colorNeutralBackground2) {
    ground.current = { ground: colorNeutralBackground2, text: colorNeutralForeground1 }
  }
  const { times } = useLogSettings()
  const { view, following, jump, state } = shown
  const sources = state?.sources ?? []
  const scroller = useRef<HTMLDivElement>(null)
  const [, redraw] = useReducer((count: number) => count + 1, 0)

  /** Index of the first row of the scrolled element. */
  const held = useRef(view.first)
  const jumped = useRef(jump)
  /** Scrolling that this component did itself says nothing about what the person wants. */
  const scrolledTo = useRef(0)
  const most = Math.max(view.first, view.end - MOST_ROWS)
  let base = following ? most : bounded(held.current, view.first, most)
  if (jump && jump !== jumped.current) {
    const { index } = jump
    if (index < base || index >= base + MOST_ROWS) {
      base = bounded(index - MOST_ROWS / 2, view.first, most)
    }
  }
  if (view.end - view.first <= MOST_ROWS) base = view.first
  const count = Math.min(view.end - base, MOST_ROWS)

  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => sizes.logRow,
    overscan: 10,
  })
  const items = virtual.getVirtualItems()

  // biome-ignore lint/correctness/useExhaustiveDependencies: `view` is what the place is kept over
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    const moved = (held.current - base) * sizes.logRow
    held.current = base
    const now = element.scrollTop + moved
    let wanted = now
    if (jump && jump !== jumped.current) {
      jumped.current = jump
      const top = (jump.index - base) * sizes.logRow
      if (jump.at !== 'inView') wanted = top - jump.at
      else if (top < now || top + 2 * sizes.logRow > now + element.clientHeight) {
        wanted = Math.round(top - element.clientHeight / 2)
      }
      if (jump.choose) {
        onChosen({ revision: view.revision, anchor: jump.index, cursor: jump.index })
      }
    } else if (following) {
      wanted = count * sizes.logRow - element.clientHeight
    }
    if (Math.max(0, wanted) !== element.scrollTop) element.scrollTop = Math.max(0, wanted)
    scrolledTo.current = element.scrollTop
  }, [view, jump, following, base])

  /** The end stays in view when what is around takes or leaves room. */
  const atEnd = useRef<() => void>(() => undefined)
  atEnd.current = () => {
    const element = scroller.current
    if (!element || !following) return
    element.scrollTop = Math.max(0, count * sizes.logRow - element.clientHeight)
    scrolledTo.current = element.scrollTop
  }
  useEffect(() => {
    const element = scroller.current
    if (!element) return
    const observer = new ResizeObserver(() => atEnd.current())
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const first = base + (items[0]?.index ?? 0)
  const last = base + (items.at(-1)?.index ?? 0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another revision has other lines there
  useEffect(() => session.look(first, last + 1), [session, first, last, view.revision])

  const onScroll = () => {
    const element = scroller.current
    if (!element) return
    const { scrollTop, clientHeight } = element
    const fromEnd = count * sizes.logRow - scrollTop - clientHeight
    if (scrollTop < scrolledTo.current - 1 && fromEnd > sizes.logRow) session.follow(false)
    else if (fromEnd <= 1 && scrollTop > scrolledTo.current && base + count === view.end) {
      session.follow(true)
    }
    scrolledTo.current = scrollTop
    if (following || view.end - view.first <= MOST_ROWS) return
    const near = NEAR * sizes.logRow
    if ((scrollTop < near && base > view.first) || (fromEnd < near && base < most)) {
      const at = base + Math.floor(scrollTop / sizes.logRow)
      const next = bounded(at - MOST_ROWS / 2, view.first, most)
      // The rows are moved under what is seen, in one step with the element.
      element.scrollTop = scrollTop + (base - next) * sizes.logRow
      scrolledTo.current = element.scrollTop
      held.current = next
      redraw()
    }
  }

  const rowsSeen = () =>
    Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / sizes.logRow) - 1)
  const firstSeen = () => base + Math.ceil((scroller.current?.scrollTop ?? 0) / sizes.logRow)
  const cursor = chosen?.revision === view.revision ? chosen.cursor : null
  const offsetOf = (index: number) =>
    (index - base) * sizes.logRow - (scroller.current?.scrollTop ?? 0)
  useImperativeHandle(handle, () => ({
    anchor: () => {
      const seen = (index: number) => {
        const offset = offsetOf(index)
        return offset >= 0 && offset < (scroller.current?.clientHeight ?? 0)
      }
      const isChosen = cursor !== null && seen(cursor)
      const index = isChosen ? cursor : firstSeen()
      const line = session.line(index)
      return line ? { number: line.number, offset: offsetOf(index), chosen: isChosen } : null
    },
    firstNumber: () => session.line(firstSeen())?.number ?? null,
    focus: () => scroller.current?.focus(),
  }))

  const choose = (index: number, extend: boolean) => {
    const at = bounded(index, view.first, view.end - 1)
    const anchor = extend && chosen?.revision === view.revision ? chosen.anchor : at
    onChosen({ revision: view.revision, anchor, cursor: at })
    const element = scroller.current
    if (!element) return
    const offset = offsetOf(at)
    if (at < base || at >= base + count) session.goToIndex(at)
    else if (offset < 0) element.scrollTop += offset
    else if (offset + sizes.logRow > element.clientHeight) {
      element.scrollTop += offset + sizes.logRow - element.clientHeight
    }
    if (at < view.end - 1) session.follow(false)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (view.end === view.first || event.altKey) return
    const command = event.ctrlKey || event.metaKey
    const line = cursor === null ? undefined : session.line(cursor)
    const from = cursor ?? (following ? view.end : firstSeen() - 1)
    const move = (index: number) => {
      event.preventDefault()
      choose(index, event.shiftKey)
    }
    if (command && event.key.toLowerCase() === 'a') {
      event.preventDefault()
      session.follow(false)
      onChosen({ revision: view.revision, anchor: view.first, cursor: view.end - 1 })
    } else if (command && event.key.toLowerCase() === 'c') {
      // What was marked with the mouse is copied by the window itself.
      if (cursor === null || window.getSelection()?.isCollapsed === false) return
      event.preventDefault()
      onCopy()
    } else if (event.key === 'ArrowDown') move(from + 1)
    else if (event.key === 'ArrowUp') move(from - 1)
    else if (event.key === 'PageDown') move(from + rowsSeen())
    else if (event.key === 'PageUp') move(from - rowsSeen())
    else if (event.key === 'Home') move(view.first)
    else if (event.key === 'End') {
      move(view.end - 1)
      if (!event.shiftKey) session.follow(true)
    } else if (line?.fold && (event.key === 'ArrowRight' || event.key === 'ArrowLeft')) {
      event.preventDefault()
      if (line.fold.folded === (event.key === 'ArrowRight')) actions.fold(line)
    } else if (event.key === 'Enter' && line) {
      event.preventDefault()
      if (line.fold && !line.place?.path) actions.fold(line)
      else if (line.place?.path) actions.open(line.place)
      else if (line.cut !== null) actions.whole(line)
    }
  }
  const onClick = (event: MouseEvent) => {
    const row = (event.target as HTMLElement).closest<HTMLElement>('[data-index]')
    if (!row || window.getSelection()?.isCollapsed === false) return
    choose(Number(row.dataset.index), event.shiftKey)
  }

  const from = chosen && Math.min(chosen.anchor, chosen.cursor)
  const to = chosen && Math.max(chosen.anchor, chosen.cursor)
  const isChosen = (index: number) =>
    cursor !== null && from !== null && to !== null && index >= from && index <= to
  /** Characters of the longest line seen, for the width; it shrinks only with another view. */
  const longest = useRef({ revision: view.revision, characters: 0 })
  if (longest.current.revision !== view.revision) {
    longest.current = { revision: view.revision, characters: 0 }
  }
  /** Builders and files may tell no times at all. */
  const timed = useRef(false)
  const lines = items.map(({ index, start }) => ({
    line: session.line(base + index),
    index: base + index,
    start,
  }))
  for (const { line } of lines) {
    const length = line ? lengthOf(line) : 0
    if (length > longest.current.characters) longest.current.characters = length
    if (line?.time) timed.current = true
  }
  /**
   * While the end is followed, elements of lines that went are taken for new ones: making them anew takes longer than
   * anything else here. Otherwise what is marked with the mouse would wander to other lines.
   */
  const slots = Math.max(1, Math.ceil(lines.length / 16)) * 16
  const merged = sources.length > 1
  const sourceWidth = merged ? Math.min(20, Math.max(...sources.map(({ name }) => name.length))) : 0
  return (
    <div role="log" aria-live="off" aria-label={label} className={styles.log}>
      {/* biome-ignore lint/a11y/useSemanticElements: rows of a virtual list are no table */}
      <div
        ref={scroller}
        role="grid"
        aria-label={t('lines', { label })}
        aria-rowcount={view.end - view.first}
        aria-multiselectable
        {...(cursor !== null && cursor >= first && cursor <= last
          ? { 'aria-activedescendant': `${id}${cursor}` }
          : {})}
        tabIndex={0}
        className={area.scroller}
        onScroll={onScroll}
        onKeyDown={onKeyDown}
        onClick={onClick}
        onMouseDown={(event) => {
          // Else it would mark the text up to here, too.
          if (event.shiftKey) event.preventDefault()
        }}
      >
        {/* biome-ignore lint/a11y/useSemanticElements: rows of a virtual list are no table */}
        <div
          role="rowgroup"
          className={area.lines}
          style={{
            height: virtual.getTotalSize(),
            width: `${longest.current.characters + sourceWidth + BEFORE}ch`,
          }}
        >
          {lines.map(({ line, index, start }) =>
            line ? (
              <Row
                key={following ? index % slots : index}
                id={`${id}${index}`}
                line={line}
                row={index - view.first + 1}
                start={start}
                ground={ground.current}
                times={timed.current ? times : 'off'}
                source={merged ? (sources[line.source]?.name ?? '') : null}
                sourceWidth={sourceWidth}
                current={index === cursor}
                chosen={isChosen(index)}
                actions={actions}
              />
            ) : null,
          )}
        </div>
      </div>
    </div>
  )
}
