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

export interface Point {
  x: number
  y: number
}

/** Where everything stands. */
export interface Places {
  /** Top left corner of each box. */
  boxes: Map<string, Point>
  /** The way of each arrow around the boxes between, by `from` and `to`. */
  ways: Map<string, Point[]>
}

/** Names an arrow: two between the same boxes go the same way. */
export const wayOf = ({ from, to }: Arrow) => `${from}>${to}`

/** Places boxes from above to below, each under those that lead to it. */
export function place(boxes: readonly Box[], arrows: readonly Arrow[]): Places {
  const graph = new Graph()
  graph.setGraph({ rankdir: 'TB', nodesep: 28, ranksep: 36, marginx: 8, marginy: 8 })
  graph.setDefaultEdgeLabel(() => ({}))
  // The library puts what comes last to the left.
  for (const { id, width, height } of boxes.toReversed()) graph.setNode(id, { width, height })
  const known = arrows.filter(({ from, to }) => graph.hasNode(from) && graph.hasNode(to))
  for (const { from, to } of known.toReversed()) graph.setEdge(from, to)
  layout(graph)
  return {
    boxes: new Map(
      boxes.map(({ id, width, height }) => {
        const { x = 0, y = 0 } = graph.node(id) as Partial<Point>
        return [id, { x: x - width / 2, y: y - height / 2 }]
      }),
    ),
    ways: new Map(
      known.map((arrow) => {
        const { points = [] } = graph.edge(arrow.from, arrow.to) as { points?: Point[] }
        return [wayOf(arrow), points]
      }),
    ),
  }
}

/** A way as the path of a picture: round at its corners. */
export function pathOf(points: readonly Point[]): string {
  const [first, ...others] = points
  const last = others.pop()
  if (!first || !last) return ''
  const corners = others.map((corner, index) => {
    const next = others[index + 1]
    const end = next ? { x: (corner.x + next.x) / 2, y: (corner.y + next.y) / 2 } : last
    return `Q${corner.x},${corner.y} ${end.x},${end.y}`
  })
  const end = corners.length === 0 ? [`L${last.x},${last.y}`] : []
  return [`M${first.x},${first.y}`, ...corners, ...end].join(' ')
}
