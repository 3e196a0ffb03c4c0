import { Button, makeStyles, mergeClasses, Text, tokens } from '@fluentui/react-components'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call, problemOf } from '../../backend'
import type { Frame, NodeTime, Problem, SlowGroup, NodeTimes as Times } from '../../backend/types'
import { formatCount, formatDuration, formatPercent } from '../../format'
import { type Tone, toneColor } from '../../theme'
import { Fold } from '../Fold'
import { SkeletonLines } from '../Late'
import { Pre } from '../Pre'
import { FindingBar, ProblemBar } from '../ProblemBar'
import { usePlaceText } from './place'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalM,
    flexShrink: 0,
    maxHeight: '45%',
    minHeight: '120px',
    overflow: 'auto',
    padding: tokens.spacingHorizontalM,
    borderRadius: tokens.borderRadiusMedium,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
  },
  table: { width: '100%', borderCollapse: 'collapse', fontSize: tokens.fontSizeBase200 },
  head: {
    textAlign: 'start',
    fontWeight: tokens.fontWeightRegular,
    color: tokens.colorNeutralForeground3,
    padding: '2px 16px 2px 0',
  },
  cell: {
    padding: '2px 16px 2px 0',
    textAlign: 'start',
    fontWeight: tokens.fontWeightRegular,
    verticalAlign: 'top',
    overflowWrap: 'anywhere',
  },
  number: { textAlign: 'end', fontVariantNumeric: 'tabular-nums', whiteSpace: 'nowrap' },
  bars: { width: '30%', '@media (max-width: 700px)': { display: 'none' } },
  lane: {
    height: '12px',
    marginTop: '2px',
    borderRadius: tokens.borderRadiusSmall,
    backgroundColor: tokens.colorNeutralBackground3,
  },
  bar: { height: '100%', minWidth: '2px', borderRadius: tokens.borderRadiusSmall },
  good: { backgroundColor: toneColor.good },
  working: { backgroundColor: toneColor.working },
  quiet: { backgroundColor: toneColor.quiet },
  warning: { backgroundColor: toneColor.warning },
  bad: { backgroundColor: toneColor.bad },
  slow: { display: 'flex', flexDirection: 'column', paddingBlockEnd: tokens.spacingVerticalS },
  own: { fontWeight: tokens.fontWeightSemibold },
  soft: { color: tokens.colorNeutralForeground3 },
  actions: { display: 'flex', flexWrap: 'wrap', columnGap: tokens.spacingHorizontalS },
})

/** Milliseconds between two looks while the log grows. */
const PACE = 3000

const toneOf: Record<NodeTime['standing'], Tone> = {
  running: 'working',
  ended: 'good',
  failed: 'bad',
  unknown: 'quiet',
}

/** Which node takes the time, asked again while the log goes on. */
function useNodeTimes(stream: number, end: number) {
  const [times, setTimes] = useState<Times | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [attempt, setAttempt] = useState(0)
  const latest = useRef(end)
  latest.current = end
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt asks again
  useEffect(() => {
    let left = false
    let asking = false
    let asked: number | null = null
    const ask = () => {
      if (asking || asked === latest.current) return
      asking = true
      asked = latest.current
      call('log_node_times', { stream })
        .then(
          (answer) => {
            if (left) return
            setTimes(answer)
            setProblem(null)
          },
          (error) => {
            if (!left) setProblem(problemOf(error))
          },
        )
        .finally(() => {
          asking = false
        })
    }
    ask()
    const timer = setInterval(ask, PACE)
    return () => {
      left = true
      clearInterval(timer)
    }
  }, [stream, attempt])
  const again = () => setAttempt(attempt + 1)
  return { times, problem, again }
}

function Slow({
  node,
  group,
  onShow,
  onOpen,
}: {
  node: string
  group: SlowGroup
  onShow: (line: number) => void
  onOpen: ((at: Frame, line: number) => void) | null
}) {
  const styles = useStyles()
  const { t } = useTranslation('log')
  const placeText = usePlaceText()
  const { at, waitsIn, warnings, longestSeconds, rows, stack, line } = group
  return (
    <div className={styles.slow}>
      <Text size={200}>
        {t('nodeTimes.slow', {
          count: warnings,
          node,
          time: formatDuration(longestSeconds * 1000),
        })}
      </Text>
      {at ? (
        <Text size={200} className={styles.own}>
          {t('nodeTimes.at', { place: placeText(at) })}
        </Text>
      ) : null}
      {waitsIn && (waitsIn.file !== at?.file || waitsIn.line !== at.line) ? (
        <Text size={200} className={styles.soft}>
          {t('nodeTimes.waits', { place: placeText(waitsIn) })}
        </Text>
      ) : null}
      {rows.length > 0 ? (
        <Text size={200} className={styles.soft}>
          {t('nodeTimes.rows', { rows: rows.join(', ') })}
        </Text>
      ) : null}
      <div className={styles.actions}>
        <Button size="small" onClick={() => onShow(line)}>
          {t('nodeTimes.show')}
        </Button>
        {at && onOpen ? (
          <Button
            size="small"
            aria-label={t('place.open', { place: placeText(at) })}
            onClick={() => onOpen(at, line)}
          >
            {t('place.openShort')}
          </Button>
        ) : null}
      </div>
      {stack.length > 0 ? (
        <Fold label={t('nodeTimes.stack')}>
          <Pre>{stack.join('\n')}</Pre>
        </Fold>
      ) : null}
    </div>
  )
}

function Table({ label, times }: { label: string; times: Times }) {
  const styles = useStyles()
  const { t } = useTranslation('log')
  const all = times.nodes.reduce((sum, { totalSeconds }) => sum + totalSeconds, 0)
  const heading = (words: string, ...more: string[]) => (
    <th scope="col" className={mergeClasses(styles.head, ...more)}>
      {words}
    </th>
  )
  const standing = ({ standing: is, running, failed }: NodeTime) =>
    t(`nodeTimes.${is}`, { count: is === 'running' ? running : failed })
  return (
    <table className={styles.table} aria-label={label}>
      <thead>
        <tr>
          {heading(t('nodeTimes.node'))}
          <td className={styles.bars} />
          {heading(t('nodeTimes.count'), styles.number)}
          {heading(t('nodeTimes.total'), styles.number)}
          {heading(t('nodeTimes.longest'), styles.number)}
          {heading(t('nodeTimes.state'))}
        </tr>
      </thead>
      <tbody>
        {times.nodes.map((node) => {
          const share = all > 0 ? (node.totalSeconds / all) * 100 : 0
          return (
            <tr key={node.node}>
              <th scope="row" className={styles.cell}>
                {node.node}
                {node.llm ? <span className={styles.soft}> · {t('nodeTimes.llm')}</span> : null}
              </th>
              <td className={mergeClasses(styles.cell, styles.bars)}>
                <div
                  className={styles.lane}
                  title={t('nodeTimes.share', { percent: formatPercent(share) })}
                >
                  <div
                    className={mergeClasses(styles.bar, styles[toneOf[node.standing]])}
                    style={{ width: `${share}%` }}
                  />
                </div>
              </td>
              <td className={mergeClasses(styles.cell, styles.number)}>
                {formatCount(node.count)}
              </td>
              <td className={mergeClasses(styles.cell, styles.number)}>
                {formatDuration(node.totalSeconds * 1000)}
              </td>
              <td className={mergeClasses(styles.cell, styles.number)}>
                {formatDuration(node.longestSeconds * 1000)}
              </td>
              <td className={styles.cell}>{standing(node)}</td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

/** Which node takes the time: a table, what it means, and the slow places of the person's own code. */
export function NodeTimes({
  label,
  stream,
  end,
  onShow,
  onOpen,
}: {
  label: string
  stream: number
  /** One past the last line; it is looked again when it changes. */
  end: number
  onShow: (line: number) => void
  onOpen: ((at: Frame, line: number) => void) | null
}) {
  const styles = useStyles()
  const { t } = useTranslation('log')
  const { times, problem, again } = useNodeTimes(stream, end)
  const name = t('nodeTimes.label', { label })
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard has to reach what scrolls
    <section aria-label={name} className={styles.root} tabIndex={0}>
      {problem ? <ProblemBar problem={problem} onRetry={again} /> : null}
      {!times && !problem ? <SkeletonLines lines={4} /> : null}
      {times && times.nodes.length === 0 && times.findings.length === 0 ? (
        <div>
          <Text as="p" weight="semibold" block>
            {t('nodeTimes.none')}
          </Text>
          <Text className={styles.soft}>{t('nodeTimes.noneBody')}</Text>
        </div>
      ) : null}
      {times && times.nodes.length + times.findings.length > 0 ? (
        <>
          <Table label={name} times={times} />
          {times.findings.map((finding) => (
            <FindingBar key={finding.sentence} finding={finding} intent="warning" />
          ))}
          {times.nodes.flatMap(({ node, slow }) =>
            slow.map((group) => (
              <Slow
                key={`${node} ${group.at?.file} ${group.at?.line} ${group.line}`}
                node={node}
                group={group}
                onShow={onShow}
                onOpen={onOpen}
              />
            )),
          )}
          <Text size={200} className={styles.soft}>
            {t(times.measured ? 'nodeTimes.measured' : 'nodeTimes.whole')}
          </Text>
        </>
      ) : null}
    </section>
  )
}
