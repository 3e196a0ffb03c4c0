import {
  Button,
  MessageBar,
  MessageBarBody,
  makeStyles,
  mergeClasses,
  Text,
  ToggleButton,
  Tooltip,
  tokens,
} from '@fluentui/react-components'
import {
  ArrowDownload20Regular,
  Copy20Regular,
  Pause20Regular,
  Play20Regular,
  Timer20Regular,
} from '@fluentui/react-icons'
import {
  type KeyboardEvent,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react'
import { useTranslation } from 'react-i18next'
import { problemOf } from '../../backend'
import type { Frame, LogFilter, LogLine, LogOf } from '../../backend/types'
import { formatCount } from '../../format'
import type { RemedyHandlers } from '../../problems/remedies'
import { EmptyState } from '../EmptyState'
import { SkeletonLines } from '../Late'
import { useNotify } from '../notify'
import { ProblemBar } from '../ProblemBar'
import { FilterChips, FilterMenu } from './Filters'
import { type Chosen, Lines, type LinesHandle } from './Lines'
import { MoreMenu } from './MoreMenu'
import { NodeTimes } from './NodeTimes'
import { useOpenPlace } from './place'
import type { RowActions } from './Row'
import { SearchBar } from './SearchBar'
import { everything, LogSession, type LogShown } from './session'
import { changeLogSettings, logSettings } from './settings'
import { useTaking } from './useTaking'
import { WholeLine } from './WholeLine'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalS,
    flexGrow: 1,
    minHeight: '240px',
    minWidth: 0,
  },
  tools: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'flex-start',
    columnGap: tokens.spacingHorizontalXS,
    rowGap: tokens.spacingVerticalXS,
  },
  end: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalXS,
    marginInlineStart: 'auto',
  },
  under: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalM,
    minHeight: '24px',
  },
  count: { color: tokens.colorNeutralForeground3, marginInlineStart: 'auto' },
  gone: { display: 'none' },
  bar: { minHeight: 'auto', flexShrink: 0 },
})

/** Runtimes of which the logs can be merged. */
export const MOST_MERGED = 16

/** The log that is open; another `of` is another one. */
function useLogSession(of: LogOf, folded: boolean) {
  const key = JSON.stringify(of)
  const [attempt, setAttempt] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another log or attempt is another session
  const session = useMemo(
    () => new LogSession(folded ? { ...everything, folded: true } : everything),
    [key, attempt],
  )
  useEffect(() => session.open(JSON.parse(key)), [session, key])
  const shown = useSyncExternalStore(session.subscribe, session.get)
  return { session, shown, again: () => setAttempt(attempt + 1) }
}

/** Why sources cannot be read. */
function Unreadable({
  shown,
  remedies,
}: {
  shown: LogShown
  remedies: RemedyHandlers | undefined
}) {
  return shown.state?.sources.map(({ name, problem }) =>
    problem ? (
      <ProblemBar key={name} problem={problem} {...(remedies ? { remedies } : {})} />
    ) : null,
  )
}

/** What is said of the log as a whole, under its lines. */
function Notes({ shown }: { shown: LogShown }) {
  const styles = useStyles()
  const { sources = [], notes = [] } = shown.state ?? {}
  const merged = sources.length > 1
  const ended = sources.flatMap(({ name, ended }) =>
    ended === null ? [] : [merged ? `${name}: ${ended}` : ended],
  )
  return (
    <>
      {[...notes, ...ended].map((sentence) => (
        <MessageBar key={sentence} intent="info" layout="multiline" className={styles.bar}>
          <MessageBarBody>{sentence}</MessageBarBody>
        </MessageBar>
      ))}
    </>
  )
}

function Count({ shown }: { shown: LogShown }) {
  const styles = useStyles()
  const { t } = useTranslation('log')
  const { state, view } = shown
  if (!state) return null
  const lines = view.end - view.first
  const total = state.end - state.first
  const words =
    lines === total
      ? t('count', { count: lines, shown: formatCount(lines) })
      : t('countOf', { shown: formatCount(lines), total: formatCount(total) })
  return (
    <Text className={styles.count} size={200}>
      {words}
      {state.whole ? '' : ` · ${t('reading', { shown: formatCount(state.reading) })}`}
    </Text>
  )
}

/** Whether the filter hides anything. */
function filters({ levels, nodes, rows, runs, sources, text }: LogFilter): boolean {
  return text !== null || [levels, nodes, rows, runs, sources].some(({ length }) => length > 0)
}

/**
 * Any log: of runtimes, a build, a flow's run or a file. It opens at its end and stays there until the person scrolls
 * up; the whole of it can be searched and filtered, however long it is.
 */
export function LogView({
  label,
  of,
  emptyBody,
  folder = null,
  nodeTimes = true,
  commands = false,
  remedies,
}: {
  /** Name of the log. */
  label: string
  of: LogOf
  /** What will be here, while nothing is. */
  emptyBody: string
  /** The folder of the flow that it is of: files of its own code are in there. */
  folder?: string | null
  /** Flows write here. */
  nodeTimes?: boolean
  /** The same can be read in a terminal. */
  commands?: boolean
  remedies?: RemedyHandlers
}) {
  const styles = useStyles()
  const { t } = useTranslation('log')
  const notify = useNotify()
  const openPlace = useOpenPlace()
  const { session, shown, again } = useLogSession(of, logSettings().folded && nodeTimes)
  const [chosen, setChosen] = useState<Chosen | null>(null)
  const [whole, setWhole] = useState<number | null>(null)
  const [timesOpen, setTimesOpen] = useState(false)
  const box = useRef<HTMLInputElement>(null)
  const lines = useRef<LinesHandle>(null)
  const { copy, save, copyCommand } = useTaking(session, shown, chosen)
  const { view, state, filter, following, waiting, problem } = shown

  const fail = useCallback((error: unknown) => notify.problem(problemOf(error)), [notify])
  const anchor = useCallback(() => lines.current?.anchor() ?? null, [])
  const firstNumber = useCallback(() => lines.current?.firstNumber() ?? null, [])
  const find = (backwards: boolean) => {
    if (shown.search.query === null) return box.current?.focus()
    session.find(backwards, firstNumber() ?? 0).catch(fail)
  }
  const setFilter = (part: Partial<LogFilter>) => void session.filter(part, anchor()).catch(fail)
  const open = useRef(openPlace)
  open.current = openPlace
  const actions = useMemo<RowActions>(
    () => ({
      fold: ({ number, fold }) => {
        if (!fold) return
        // What is opened would push its own head out of view at the end.
        if (fold.folded) session.follow(false)
        const at = lines.current?.anchor() ?? null
        session.fold(number, !fold.folded, at).catch(fail)
      },
      open: ({ path, line }) => {
        if (path) open.current(path, line)
      },
      whole: ({ number }: LogLine) => setWhole(number),
    }),
    [session, fail],
  )
  const showLine = async (number: number) => {
    try {
      // The stack under it is what tells where it waits.
      await session.fold(number, false, null)
      await session.goTo(number)
      lines.current?.focus()
    } catch (error) {
      fail(error)
    }
  }
  const openFrame = (at: Frame) => openPlace(`${folder}/${at.file}`.replaceAll('//', '/'), at.line)

  const onKeyDown = (event: KeyboardEvent) => {
    const command = event.ctrlKey || event.metaKey
    if (command && event.key.toLowerCase() === 'f') {
      event.preventDefault()
      // Other boxes of the page would take it.
      event.stopPropagation()
      box.current?.focus()
      box.current?.select()
    } else if (event.key === 'F3') {
      event.preventDefault()
      find(event.shiftKey)
    }
  }
  const empty = view.end === view.first
  const filtered = filters(filter)
  const unreadable = state?.sources.some((source) => source.problem !== null)
  const nothing = state !== null && empty && state.whole && !unreadable
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of what is inside
    <div className={styles.root} onKeyDown={onKeyDown}>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a frame and a legend */}
      <div
        role="group"
        aria-label={t('tools', { label })}
        // Nothing can be done with what was not opened.
        className={mergeClasses(styles.tools, problem !== null && state === null && styles.gone)}
      >
        <SearchBar
          key={JSON.stringify(of)}
          session={session}
          shown={shown}
          box={box}
          firstNumber={firstNumber}
          anchor={anchor}
          onFail={fail}
          find={find}
          onLeave={() => lines.current?.focus()}
        />
        <div className={styles.end}>
          {!following && waiting > 0 ? (
            <Button size="small" appearance="subtle" onClick={() => session.follow(true)}>
              {t('newLines', { count: waiting, shown: formatCount(waiting) })}
            </Button>
          ) : null}
          {state?.live || !following ? (
            <Button
              size="small"
              appearance="subtle"
              icon={following ? <Pause20Regular /> : <Play20Regular />}
              onClick={() => session.follow(!following)}
            >
              {t(following ? 'pause' : 'follow')}
            </Button>
          ) : null}
          <FilterMenu label={label} shown={shown} onFilter={setFilter} />
          {nodeTimes ? (
            <ToggleButton
              size="small"
              appearance="subtle"
              icon={<Timer20Regular />}
              checked={timesOpen}
              aria-expanded={timesOpen}
              onClick={() => setTimesOpen(!timesOpen)}
            >
              {t('nodeTimes.open')}
            </ToggleButton>
          ) : null}
          <Tooltip content={t('copyHint')} relationship="description">
            <Button
              size="small"
              appearance="subtle"
              icon={<Copy20Regular />}
              aria-label={t('copy')}
              disabledFocusable={empty}
              onClick={() => empty || copy()}
            />
          </Tooltip>
          <Tooltip content={t('download')} relationship="label">
            <Button
              size="small"
              appearance="subtle"
              icon={<ArrowDownload20Regular />}
              onClick={() => save(false)}
            />
          </Tooltip>
          <MoreMenu
            label={label}
            folded={filter.folded}
            onFolded={(folded) => {
              changeLogSettings({ folded })
              setFilter({ folded })
            }}
            onSaveShown={filtered ? () => save(true) : null}
            onCopyCommand={commands ? copyCommand : null}
          />
        </div>
      </div>
      {problem ? <ProblemBar problem={problem} onRetry={again} /> : null}
      <Unreadable shown={shown} remedies={remedies} />
      {state ? (
        <div className={styles.under}>
          <FilterChips shown={shown} onFilter={setFilter} />
          <Count shown={shown} />
        </div>
      ) : null}
      {timesOpen && session.name !== null ? (
        <NodeTimes
          label={label}
          stream={session.name}
          end={state?.end ?? 0}
          onShow={showLine}
          onOpen={folder === null ? null : openFrame}
        />
      ) : null}
      {state === null && !problem ? <SkeletonLines lines={6} /> : null}
      {nothing ? (
        <EmptyState
          title={t(state.end > state.first ? 'nothingFits' : 'empty')}
          {...(filtered
            ? {
                action: (
                  <Button
                    onClick={() =>
                      setFilter({ levels: [], nodes: [], rows: [], runs: [], sources: [] })
                    }
                  >
                    {t('filter.clear')}
                  </Button>
                ),
              }
            : {})}
        >
          {state.end > state.first ? t('nothingFitsBody') : emptyBody}
        </EmptyState>
      ) : null}
      {empty ? null : (
        <Lines
          session={session}
          shown={shown}
          label={label}
          chosen={chosen}
          onChosen={setChosen}
          onCopy={copy}
          actions={actions}
          handle={lines}
        />
      )}
      <Notes shown={shown} />
      {whole !== null && session.name !== null ? (
        <WholeLine stream={session.name} number={whole} onClose={() => setWhole(null)} />
      ) : null}
    </div>
  )
}
