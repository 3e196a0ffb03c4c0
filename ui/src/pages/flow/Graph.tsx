import {
  makeStyles,
  mergeClasses,
  Toolbar,
  ToolbarButton,
  Tooltip,
  tokens,
} from '@fluentui/react-components'
import { ZoomFit20Regular, ZoomIn20Regular, ZoomOut20Regular } from '@fluentui/react-icons'
import {
  BaseEdge,
  type Edge,
  type EdgeProps,
  MarkerType,
  type NodeChange,
  Panel,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from '@xyflow/react'
import '@xyflow/react/dist/base.css'
import { useCallback, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isActive, useNodeStateWord } from '../../components/flow/states'
import { End, type EndNode, Step, type StepNode } from './GraphNode'
import { END, NODE, type Point, pathOf, place, wayOf } from './layout'
import { chosenVariant, nodeAsChosen, nodesByName, variantsOf } from './model'
import { useFlowPage } from './page'
import { NodeMenuAt } from './RunFromHere'

const useStyles = makeStyles({
  canvas: {
    flexGrow: 1,
    minHeight: 0,
    borderRadius: tokens.borderRadiusMedium,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    backgroundColor: tokens.colorNeutralBackground3,
    overflow: 'hidden',
    '--xy-edge-stroke-default': tokens.colorNeutralStrokeAccessible,
    '--xy-background-color-default': 'transparent',
    '& .react-flow__node': { cursor: 'pointer', borderRadius: tokens.borderRadiusLarge },
    '& .react-flow__node:focus-visible': {
      outline: `${tokens.strokeWidthThick} solid ${tokens.colorStrokeFocus2}`,
      outlineOffset: '2px',
    },
    '& .react-flow__edge.activation path': { strokeDasharray: '6 4' },
  },
  tools: {
    padding: '2px',
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground1,
    boxShadow: tokens.shadow4,
  },
})

const INPUTS = ' inputs'
const OUTPUTS = ' outputs'
const nodeTypes = { step: Step, end: End }

type Way = Edge<{ points: Point[] }, 'way'>

/** An arrow along the way that the layout found for it. */
function WayEdge({ data, markerEnd }: EdgeProps<Way>) {
  return <BaseEdge path={pathOf(data?.points ?? [])} {...(markerEnd ? { markerEnd } : {})} />
}

const edgeTypes = { way: WayEdge }

/** Beside the graph; its tools stand at the right. */
const PADDING = { top: '12px', bottom: '12px', left: '12px', right: '56px' } as const

type CanvasNode = StepNode | EndNode

/** What stands where; only a changed file moves it. */
function usePlaces() {
  const { graph } = useFlowPage().view
  return useMemo(() => {
    const boxes = [
      ...graph.nodes.map(({ name }) => ({ id: name, ...NODE })),
      ...(graph.nodes.some(({ inputs }) => inputs.length > 0) ? [{ id: INPUTS, ...END }] : []),
      ...(graph.nodes.some(({ outputs }) => outputs.length > 0) ? [{ id: OUTPUTS, ...END }] : []),
    ]
    const arrows = [
      ...graph.nodes.flatMap(({ name, inputs, outputs }) => [
        ...(inputs.length > 0 ? [{ from: INPUTS, to: name, kind: 'data' as const }] : []),
        ...(outputs.length > 0 ? [{ from: name, to: OUTPUTS, kind: 'data' as const }] : []),
      ]),
      ...graph.edges,
    ]
    const { boxes: places, ways } = place(boxes, arrows)
    return { boxes, arrows, places, ways }
  }, [graph])
}

function useCanvas(): { nodes: CanvasNode[]; edges: Way[] } {
  const { t } = useTranslation(['flow', 'flowRun'])
  const { view, draft, run, node: chosen } = useFlowPage()
  const { boxes, arrows, places, ways } = usePlaces()
  const word = useNodeStateWord()
  const nodes = useMemo(() => {
    const runs = nodesByName(run?.nodes ?? [])
    const wrong = new Set(view.problems.map(({ node }) => node))
    const ended = run === null || !isActive(run)
    return boxes.flatMap((box): CanvasNode[] => {
      const { id, width, height } = box
      const common = {
        id,
        position: places.get(id) ?? { x: 0, y: 0 },
        width,
        height,
        draggable: false,
        connectable: false,
      }
      if (id === INPUTS || id === OUTPUTS) {
        const side = id === INPUTS ? 'inputs' : 'outputs'
        const names = (view.model?.[side] ?? []).map(({ name }) => name)
        const ariaLabel = t(`ends.${side}`, { count: names.length })
        return [{ ...common, type: 'end', data: { side, names }, ariaLabel }]
      }
      const node = nodeAsChosen(view, id, draft)
      if (!node) return []
      const variants = variantsOf(view, id)
      const nodeRun = runs.get(id) ?? null
      const state = nodeRun === null ? [] : [word(nodeRun, ended)]
      return [
        {
          ...common,
          type: 'step',
          ariaLabel: [id, t(`kind.${node.kind}`), ...state].join(', '),
          data: {
            node,
            run: nodeRun,
            ended,
            variant: variants
              ? { id: chosenVariant(variants, draft), count: variants.variants.length }
              : null,
            chosen: chosen === id,
            hasProblem: wrong.has(id),
          },
        },
      ]
    })
  }, [boxes, places, view, draft, run, chosen, word, t])
  const edges = useMemo(
    () =>
      arrows.map(
        ({ from, to, kind }): Way => ({
          id: `${from}>${to}>${kind}`,
          type: 'way',
          data: { points: ways.get(wayOf({ from, to })) ?? [] },
          source: from,
          target: to,
          focusable: false,
          className: kind,
          markerEnd: {
            type: MarkerType.ArrowClosed,
            color: 'var(--xy-edge-stroke-default)',
            width: 18,
            height: 18,
          },
          ariaLabel: t('edge', {
            from: from === INPUTS ? t('inputs.heading') : from,
            to: to === OUTPUTS ? t('outputs') : to,
          }),
        }),
      ),
    [arrows, ways, t],
  )
  return { nodes, edges }
}

function Tools() {
  const styles = useStyles()
  const { t } = useTranslation('flow')
  const { zoomIn, zoomOut, fitView } = useReactFlow()
  const tools = [
    { name: t('graph.zoomIn'), icon: <ZoomIn20Regular />, run: () => zoomIn() },
    { name: t('graph.zoomOut'), icon: <ZoomOut20Regular />, run: () => zoomOut() },
    { name: t('graph.fit'), icon: <ZoomFit20Regular />, run: () => fitView({ padding: PADDING }) },
  ]
  return (
    <Panel position="bottom-right">
      <Toolbar vertical size="small" aria-label={t('graph.tools')} className={styles.tools}>
        {tools.map(({ name, icon, run }) => (
          <Tooltip key={name} content={name} relationship="label">
            <ToolbarButton icon={icon} onClick={run} />
          </Tooltip>
        ))}
      </Toolbar>
    </Panel>
  )
}

/** The flow as a graph: steps with how they stand, and what goes from one to the next. */
export default function Graph() {
  const styles = useStyles()
  const { t } = useTranslation('flow')
  const { view, go } = useFlowPage()
  const { nodes, edges } = useCanvas()
  // The step whose menu was asked for, by the right button of the mouse or the key for it.
  const [asked, setAsked] = useState<{ node: string; target: HTMLElement } | null>(null)
  const show = useCallback(
    (id: string) =>
      go({ node: id === INPUTS || id === OUTPUTS ? null : id, file: null, line: null }),
    [go],
  )
  // Enter and space on a node select it.
  const onChanges = useCallback(
    (changes: NodeChange<CanvasNode>[]) => {
      for (const change of changes) {
        if (change.type === 'select' && change.selected) show(change.id)
      }
    },
    [show],
  )
  return (
    <section
      className={mergeClasses(styles.canvas)}
      aria-label={t('graph.label', { name: view.name })}
    >
      <ReactFlowProvider>
        <ReactFlow<CanvasNode, Way>
          // Another file's graph begins whole in view.
          key={view.graph.nodes.map(({ name }) => name).join(' ')}
          nodes={nodes}
          edges={edges}
          nodeTypes={nodeTypes}
          edgeTypes={edgeTypes}
          onNodesChange={onChanges}
          onNodeClick={(_, { id }) => show(id)}
          onNodeContextMenu={(event, { id }) => {
            if (id === INPUTS || id === OUTPUTS) return
            event.preventDefault()
            setAsked({ node: id, target: event.currentTarget as HTMLElement })
          }}
          nodesDraggable={false}
          nodesConnectable={false}
          edgesFocusable={false}
          elementsSelectable
          deleteKeyCode={null}
          selectionKeyCode={null}
          multiSelectionKeyCode={null}
          minZoom={0.2}
          maxZoom={1.5}
          fitView
          fitViewOptions={{ padding: PADDING, maxZoom: 1 }}
          proOptions={{ hideAttribution: true }}
          ariaLabelConfig={{
            'node.a11yDescription.default': t('graph.nodeHelp'),
            'node.a11yDescription.keyboardDisabled': t('graph.nodeHelp'),
            'edge.a11yDescription.default': '',
          }}
        >
          <Tools />
        </ReactFlow>
      </ReactFlowProvider>
      {asked ? (
        <NodeMenuAt
          key={asked.node}
          node={asked.node}
          at={{ target: asked.target, position: 'below', align: 'start' }}
          onClose={() => setAsked(null)}
        />
      ) : null}
    </section>
  )
}
