import { makeStyles, mergeClasses, Text, tokens } from '@fluentui/react-components'
import {
  ArrowExit20Regular,
  ArrowImport20Regular,
  BranchFork16Regular,
  GroupList20Regular,
  Warning16Filled,
} from '@fluentui/react-icons'
import { Handle, type Node, type NodeProps, Position } from '@xyflow/react'
import { useTranslation } from 'react-i18next'
import type { FlowNode, NodeRun } from '../../backend/types'
import { NodeStateBadge, NodeTook, toneOf } from '../../components/flow/states'
import { toneColor } from '../../theme'
import { NodeIcon } from './NodeIcon'

/** A step of the flow, as the canvas shows it. */
export type StepNode = Node<
  {
    node: FlowNode
    run: NodeRun | null
    ended: boolean
    /** The chosen variant and how many there are. */
    variant: { id: string; count: number } | null
    chosen: boolean
    hasProblem: boolean
  },
  'step'
>

/** Where the flow begins or ends, as the canvas shows it. */
export type EndNode = Node<{ side: 'inputs' | 'outputs'; names: string[] }, 'end'>

const useStyles = makeStyles({
  card: {
    display: 'flex',
    flexDirection: 'column',
    justifyContent: 'center',
    rowGap: '2px',
    boxSizing: 'border-box',
    width: '100%',
    height: '100%',
    padding: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalM}`,
    borderRadius: tokens.borderRadiusLarge,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke1}`,
    borderInlineStartWidth: '4px',
    backgroundColor: tokens.colorNeutralBackground1,
    color: tokens.colorNeutralForeground1,
    boxShadow: tokens.shadow2,
    textAlign: 'start',
  },
  chosen: {
    outline: `${tokens.strokeWidthThick} solid ${tokens.colorBrandStroke1}`,
    outlineOffset: '2px',
  },
  away: { opacity: 0.6 },
  good: { borderInlineStartColor: toneColor.good },
  working: { borderInlineStartColor: toneColor.working },
  quiet: { borderInlineStartColor: tokens.colorNeutralStroke1 },
  warning: { borderInlineStartColor: toneColor.warning },
  bad: { borderInlineStartColor: toneColor.bad },
  head: { display: 'flex', alignItems: 'center', columnGap: '6px', minWidth: 0 },
  icon: { lineHeight: 0, color: tokens.colorBrandForeground1 },
  name: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap', minWidth: 0 },
  problem: { lineHeight: 0, color: toneColor.warning, marginInlineStart: 'auto' },
  line: {
    display: 'flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalS,
    minWidth: 0,
    whiteSpace: 'nowrap',
    overflow: 'hidden',
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
  },
  special: { display: 'flex', alignItems: 'center', columnGap: '4px', marginInlineStart: 'auto' },
  cut: { overflow: 'hidden', textOverflow: 'ellipsis', minWidth: 0 },
  handle: { opacity: 0, pointerEvents: 'none' },
  end: {
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'center',
    columnGap: '6px',
    boxSizing: 'border-box',
    width: '100%',
    height: '100%',
    borderRadius: tokens.borderRadiusCircular,
    border: `${tokens.strokeWidthThin} dashed ${tokens.colorNeutralStroke1}`,
    backgroundColor: tokens.colorNeutralBackground2,
    color: tokens.colorNeutralForeground1,
  },
})

function Ends({ top, bottom }: { top: boolean; bottom: boolean }) {
  const styles = useStyles()
  return (
    <>
      {top ? (
        <Handle
          type="target"
          position={Position.Top}
          isConnectable={false}
          className={styles.handle}
        />
      ) : null}
      {bottom ? (
        <Handle
          type="source"
          position={Position.Bottom}
          isConnectable={false}
          className={styles.handle}
        />
      ) : null}
    </>
  )
}

/** A step: what it is, how it stands, and what is special about it. */
export function Step({ data }: NodeProps<StepNode>) {
  const styles = useStyles()
  const { t } = useTranslation('flow')
  const { node, run, ended, variant, chosen, hasProblem } = data
  const what = node.source?.path ?? node.source?.tool ?? null
  const words = [
    ...(variant ? [t('variantOf', variant)] : []),
    ...(node.activate ? [t('conditional')] : []),
    ...(node.aggregation ? [t('aggregation')] : []),
  ].join(' · ')
  const special = words !== ''
  return (
    <div
      className={mergeClasses(
        styles.card,
        run ? styles[toneOf(run)] : styles.quiet,
        run?.state === 'bypassed' && styles.away,
        chosen && styles.chosen,
      )}
    >
      <Ends top bottom />
      <span className={styles.head}>
        <span className={styles.icon}>
          <NodeIcon kind={node.kind} />
        </span>
        <Text weight="semibold" className={styles.name}>
          {node.name}
        </Text>
        {hasProblem ? (
          <span className={styles.problem}>
            <Warning16Filled aria-hidden="true" />
          </span>
        ) : null}
      </span>
      <span className={styles.line}>
        <span className={styles.cut}>
          {what === null ? t(`kind.${node.kind}`) : `${t(`kind.${node.kind}`)} · ${what}`}
        </span>
      </span>
      {run || special ? (
        <span className={styles.line}>
          {run ? (
            <>
              <NodeStateBadge node={run} ended={ended} />
              <NodeTook node={run} over={ended} />
            </>
          ) : null}
          <span className={mergeClasses(styles.special, styles.cut)} title={words}>
            {node.activate ? <BranchFork16Regular aria-hidden="true" /> : null}
            {node.aggregation ? <GroupList20Regular fontSize={16} aria-hidden="true" /> : null}
            {variant ? <span className={styles.cut}>{t('variantOf', variant)}</span> : null}
            {run || variant ? null : words}
          </span>
        </span>
      ) : null}
    </div>
  )
}

/** Where the flow begins or ends. */
export function End({ data }: NodeProps<EndNode>) {
  const styles = useStyles()
  const { t } = useTranslation('flow')
  return (
    <div className={styles.end} title={data.names.join(', ')}>
      <Ends top={data.side === 'outputs'} bottom={data.side === 'inputs'} />
      {data.side === 'inputs' ? (
        <ArrowImport20Regular aria-hidden="true" />
      ) : (
        <ArrowExit20Regular aria-hidden="true" />
      )}
      <Text>{t(`ends.${data.side}`, { count: data.names.length })}</Text>
    </div>
  )
}
