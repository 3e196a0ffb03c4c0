import {
  Button,
  MessageBar,
  MessageBarBody,
  makeStyles,
  mergeClasses,
  Text,
  Toolbar,
  tokens,
} from '@fluentui/react-components'
import { Pause20Regular, Play20Regular } from '@fluentui/react-icons'
import { useVirtualizer } from '@tanstack/react-virtual'
import {
  type ReactNode,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react'
import { useTranslation } from 'react-i18next'
import { type Follow, problemOf } from '../../backend'
import type { LogLineView, Problem } from '../../backend/types'
import { formatExact } from '../../format'
import { sizes } from '../../theme'
import { CopyButton } from '../CopyButton'
import { EmptyState } from '../EmptyState'
import { ProblemBar } from '../ProblemBar'
import { LogLines } from './logLines'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalS,
    flexGrow: 1,
    minHeight: '240px',
  },
  tools: {
    display: 'flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalS,
    padding: 0,
  },
  count: { color: tokens.colorNeutralForeground3, marginInlineStart: 'auto' },
  scroller: {
    flexGrow: 1,
    minHeight: 0,
    overflow: 'auto',
    borderRadius: tokens.borderRadiusMedium,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    backgroundColor: tokens.colorNeutralBackground2,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    lineHeight: `${sizes.logRow}px`,
    userSelect: 'text',
    ':focus-visible': {
      outline: `${tokens.strokeWidthThick} solid ${tokens.colorStrokeFocus2}`,
    },
  },
  lines: { position: 'relative', minWidth: '100%' },
  line: {
    position: 'absolute',
    top: 0,
    left: 0,
    minWidth: '100%',
    boxSizing: 'border-box',
    paddingInline: tokens.spacingHorizontalM,
    whiteSpace: 'pre',
    borderInlineStartWidth: '3px',
    borderInlineStartStyle: 'solid',
    borderInlineStartColor: 'transparent',
  },
  error: {
    color: tokens.colorStatusDangerForeground1,
    borderInlineStartColor: tokens.colorStatusDangerBorder2,
  },
  time: { color: tokens.colorNeutralForeground3, userSelect: 'none' },
  heard: {
    position: 'absolute',
    width: '1px',
    height: '1px',
    overflow: 'hidden',
    clipPath: 'inset(50%)',
  },
})

/** Follows a log; another `follow` is another log. */
function useFollowedLog(follow: Follow) {
  const [lines] = useState(() => new LogLines())
  const [problem, setProblem] = useState<Problem | null>(null)
  const [attempt, setAttempt] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt follows it again
  useEffect(() => {
    let left = false
    let stop: (() => void) | null = null
    lines.reset()
    setProblem(null)
    follow((event) => {
      if (left) return
      if (event.kind === 'lines') lines.add(event.lines)
      else lines.end(event.sentence)
    }).then(
      (stopFollowing) => {
        if (left) stopFollowing()
        else stop = stopFollowing
      },
      (error) => {
        if (!left) setProblem(problemOf(error))
      },
    )
    return () => {
      left = true
      stop?.()
    }
  }, [follow, attempt, lines])
  return { lines, problem, again: () => setAttempt(attempt + 1) }
}

function Line({ line, start }: { line: LogLineView; start: number }) {
  const styles = useStyles()
  const { t } = useTranslation('log')
  return (
    <div
      className={mergeClasses(styles.line, line.error && styles.error)}
      style={{ height: sizes.logRow, transform: `translateY(${start}px)` }}
      title={line.time ? formatExact(line.time) : undefined}
    >
      {line.error ? <span className={styles.heard}>{t('error')} </span> : null}
      {line.text}
    </div>
  )
}

/** The log: opens at its end and stays there until the person scrolls up or pauses. */
export function LogView({
  label,
  follow,
  emptyBody,
  dropped,
  actions,
}: {
  /** Name of the log and of its tools. */
  label: string
  /** Has to stay the same as long as the log does. */
  follow: Follow
  /** What will be here, while nothing is. */
  emptyBody: string
  /** What is said when older lines are not kept. */
  dropped: string
  /** Further tools. */
  actions?: ReactNode
}) {
  const styles = useStyles()
  const { t } = useTranslation('log')
  const { lines, problem, again } = useFollowedLog(follow)
  const view = useSyncExternalStore(lines.subscribe, lines.get)
  const scroller = useRef<HTMLDivElement>(null)
  /** Scrolling that this component did itself says nothing about what the person wants. */
  const scrolledTo = useRef(0)
  const virtual = useVirtualizer({
    count: view.lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => sizes.logRow,
    overscan: 20,
  })
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element || view.paused) return
    element.scrollTop = element.scrollHeight
    scrolledTo.current = element.scrollTop
  }, [view])
  const onScroll = () => {
    const element = scroller.current
    if (!element) return
    const fromEnd = element.scrollHeight - element.scrollTop - element.clientHeight
    if (element.scrollTop < scrolledTo.current - 1 && fromEnd > sizes.logRow) lines.pause()
    else if (fromEnd <= 1 && view.paused && element.scrollTop > scrolledTo.current) lines.resume()
    scrolledTo.current = element.scrollTop
  }
  return (
    <div className={styles.root}>
      <Toolbar className={styles.tools} aria-label={label}>
        <Button
          size="small"
          appearance="subtle"
          icon={view.paused ? <Play20Regular /> : <Pause20Regular />}
          onClick={() => (view.paused ? lines.resume() : lines.pause())}
        >
          {view.paused ? t('follow') : t('pause')}
        </Button>
        {view.paused && view.waiting > 0 ? (
          <Button size="small" appearance="subtle" onClick={() => lines.resume()}>
            {t('newLines', { count: view.waiting })}
          </Button>
        ) : null}
        <Text className={styles.count} size={200}>
          {t('count', { count: view.lines.length })}
          {view.first > 0 ? ` ${dropped}` : ''}
        </Text>
        <CopyButton text={view.lines.length > 0 ? lines.text() : ''} name={t('copy')} />
        {actions}
      </Toolbar>
      {problem ? <ProblemBar problem={problem} onRetry={again} /> : null}
      {view.lines.length === 0 && !problem ? (
        <EmptyState title={t('empty')}>{emptyBody}</EmptyState>
      ) : null}
      <div
        ref={scroller}
        role="log"
        aria-live="off"
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard has to reach what scrolls
        tabIndex={0}
        hidden={view.lines.length === 0}
        className={styles.scroller}
        onScroll={onScroll}
      >
        <div
          className={styles.lines}
          style={{ height: virtual.getTotalSize(), width: `${view.longest + 4}ch` }}
        >
          {virtual.getVirtualItems().map(({ index, start }) => {
            const line = view.lines[index]
            return line ? <Line key={view.first + index} line={line} start={start} /> : null
          })}
        </div>
      </div>
      {view.ended ? (
        <MessageBar intent="info">
          <MessageBarBody>{view.ended}</MessageBarBody>
        </MessageBar>
      ) : null}
    </div>
  )
}
