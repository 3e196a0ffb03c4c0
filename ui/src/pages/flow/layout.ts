import { Graph, layout } from '@dagrejs/dagre'

/** Pixels of a node on the canvas. */
export const NODE = { width: 232, height: 76 } as const
/** Pixels of the two ends: inputs and outputs of the flow. */
export const END = { width: 152, height: 36 } as const

export interface Box {
  id: string
  width: number
  height: number
}

export interface Arrow {
  from: string
  to: string
}

/** Where each box stands, by its top left corner: from above to below, without crossings where possible. */
export function place(
  boxes: readonly Box[],
  arrows: readonly Arrow[],
): Map<string, { x: number; y: number }> {
  const graph = new Graph()
  graph.setGraph({ rankdir: 'TB', nodesep: 32, ranksep: 32, marginx: 8, marginy: 8 })
  graph.setDefaultEdgeLabel(() => ({}))
  // The library puts what comes last to the left.
  for (const { id, width, height } of boxes.toReversed()) graph.setNode(id, { width, height })
  for (const { from, to } of arrows.toReversed()) {
    if (graph.hasNode(from) && graph.hasNode(to)) graph.setEdge(from, to)
  }
  layout(graph)
  return new Map(
    boxes.map(({ id, width, height }) => {
      const { x = 0, y = 0 } = graph.node(id) as { x?: number; y?: number }
      return [id, { x: x - width / 2, y: y - height / 2 }]
    }),
  )
}
