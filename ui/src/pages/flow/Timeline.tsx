import { Link, makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { FlowRun, NodeRun } from '../../backend/types'
import { isActive, NodeStateBadge, NodeTook, toneOf } from '../../components/flow/states'
import { formatDuration } from '../../format'
import { toneColor } from '../../theme'
import { useFlowPage } from './page'

const useStyles = makeStyles({
  table: {
    width: '100%',
    borderCollapse: 'collapse',
    tableLayout: 'fixed',
    fontSize: tokens.fontSizeBase200,
  },
  name: { width: '26%', '@media (max-width: 700px)': { width: '38%' } },
  state: { width: '112px' },
  took: { width: '72px' },
  head: {
    textAlign: 'start',
    fontWeight: tokens.fontWeightRegular,
    color: tokens.colorNeutralForeground3,
    paddingBlock: '2px',
  },
  cell: { paddingBlock: '2px', paddingInlineEnd: '8px', textAlign: 'start', fontWeight: 400 },
  bars: { '@media (max-width: 700px)': { display: 'none' } },
  cut: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  lane: {
    position: 'relative',
    height: '14px',
    borderRadius: tokens.borderRadiusSmall,
    backgroundColor: tokens.colorNeutralBackground3,
  },
  bar: {
    position: 'absolute',
    top: '2px',
    bottom: '2px',
    minWidth: '3px',
    borderRadius: tokens.borderRadiusSmall,
  },
  good: { backgroundColor: toneColor.good },
  working: { backgroundColor: toneColor.working },
  quiet: { backgroundColor: toneColor.quiet },
  warning: { backgroundColor: toneColor.warning },
  bad: { backgroundColor: toneColor.bad },
  axis: { display: 'flex', justifyContent: 'space-between', paddingInlineEnd: '8px' },
})

/** The time, moving on while something runs. */
function useNow(moves: boolean): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    if (!moves) return
    const timer = setInterval(() => setNow(Date.now()), 500)
    return () => clearInterval(timer)
  }, [moves])
  return Math.max(now, moves ? Date.now() : 0)
}

/** From where to where a bar goes, in parts of the whole. */
export interface Bar {
  start: number
  length: number
}

/** When the first step began and the last one ended, in milliseconds since 1970. */
export function spanOf(
  nodes: readonly NodeRun[],
  now: number,
): { from: number; to: number } | null {
  const begun = nodes.filter(({ started }) => started !== null)
  if (begun.length === 0) return null
  const from = Math.min(...begun.map(({ started }) => Date.parse(started ?? '')))
  const to = Math.max(...begun.map(({ ended }) => (ended === null ? now : Date.parse(ended))))
  return { from, to: Math.max(to, from + 1) }
}

/** The bar of a step; `null` = it never began. */
export function barOf(
  { started, ended }: NodeRun,
  { from, to }: { from: number; to: number },
  now: number,
): Bar | null {
  if (started === null) return null
  const begun = Date.parse(started)
  const end = ended === null ? now : Date.parse(ended)
  const whole = to - from
  return { start: (begun - from) / whole, length: Math.max(0, end - begun) / whole }
}

/** Which step ran when: bars beside each other ran at the same time. */
export function Timeline({ run }: { run: FlowRun }) {
  const styles = useStyles()
  const { t } = useTranslation('flowRun')
  const { showNode } = useFlowPage()
  const active = isActive(run)
  const now = useNow(active)
  // In the order in which they began; what has not begun comes last.
  const begun = ({ started }: NodeRun) =>
    started === null ? Number.MAX_SAFE_INTEGER : Date.parse(started)
  const nodes = [...run.nodes].sort((one, other) => begun(one) - begun(other))
  const end = run.ended === null ? now : Date.parse(run.ended)
  const span = spanOf(nodes, active ? now : end)
  return (
    <table className={styles.table} aria-label={t('timeline.label')}>
      <thead>
        <tr>
          <th scope="col" className={mergeClasses(styles.head, styles.name)}>
            {t('timeline.node')}
          </th>
          <th scope="col" className={mergeClasses(styles.head, styles.bars)}>
            <span className={styles.axis}>
              <span>{t('timeline.when')}</span>
              {span ? <span>{formatDuration(span.to - span.from)}</span> : null}
            </span>
          </th>
          <th scope="col" className={mergeClasses(styles.head, styles.state)}>
            {t('timeline.state')}
          </th>
          <th scope="col" className={mergeClasses(styles.head, styles.took)}>
            {t('timeline.took')}
          </th>
        </tr>
      </thead>
      <tbody>
        {nodes.map((node) => {
          const bar = span ? barOf(node, span, active ? now : end) : null
          return (
            <tr key={node.node}>
              <th scope="row" className={mergeClasses(styles.cell, styles.cut)}>
                <Link onClick={() => showNode(node.node)}>{node.node}</Link>
              </th>
              <td className={mergeClasses(styles.cell, styles.bars)}>
                <div className={styles.lane}>
                  {bar ? (
                    <div
                      className={mergeClasses(styles.bar, styles[toneOf(node)])}
                      style={{ left: `${bar.start * 100}%`, width: `${bar.length * 100}%` }}
                    />
                  ) : null}
                </div>
              </td>
              <td className={styles.cell}>
                <NodeStateBadge node={node} ended={!active} />
              </td>
              <td className={styles.cell}>
                <NodeTook node={node} over={!active} />
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
