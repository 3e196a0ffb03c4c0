import type { ConnectionType, FlowNode, FlowView, NodeRun, NodeVariants } from '../../backend/types'
import type { Draft } from './draft'

/** The variants of a node; `undefined` = it has none. */
export function variantsOf(view: FlowView, node: string): NodeVariants | undefined {
  return view.model?.variants.find((one) => one.node === node)
}

/** The variant that a run would take. */
export function chosenVariant(variants: NodeVariants, draft: Draft): string {
  return draft.variants[variants.node] ?? variants.default
}

/** A node as a run would take it: with its variant. */
export function nodeAsChosen(view: FlowView, name: string, draft: Draft): FlowNode | undefined {
  const node = view.model?.nodes.find((one) => one.name === name)
  const variants = variantsOf(view, name)
  if (!node || !variants) return node
  const id = chosenVariant(variants, draft)
  const variant = variants.variants.find((one) => one.id === id)
  // A condition, and whether it aggregates, stand at the node itself.
  return variant
    ? {
        ...variant.node,
        name,
        aggregation: node.aggregation || variant.node.aggregation,
        activate: node.activate ?? variant.node.activate,
        line: node.line,
      }
    : node
}

/** An input of a node that takes a connection. */
export interface TakesConnection {
  input: string
  /** The one that its file names; empty = none. */
  connection: string
  /** Those that it takes; empty = not known. */
  types: readonly ConnectionType[]
}

/** Inputs of a node that take a connection, and the one that its file names. */
export function connectionInputs(node: FlowNode, view: FlowView): TakesConnection[] {
  return view.connectionInputs
    .filter((one) => one.node === node.name)
    .flatMap(({ input, types }) => {
      if (input === 'connection' && node.connection !== null) {
        return [{ input, connection: node.connection, types }]
      }
      const own = node.inputs.find(({ name }) => name === input)
      // A variant that has no such input takes none.
      if (!own || own.reference !== null) return []
      return [{ input, connection: typeof own.value === 'string' ? own.value : '', types }]
    })
}

/** Nodes whose outputs a node takes or waits for. */
export function neededBy(view: FlowView, node: string): string[] {
  return [...new Set(view.graph.edges.flatMap(({ from, to }) => (to === node ? [from] : [])))]
}

/** Nodes of a run by name. */
export function nodesByName(nodes: readonly NodeRun[]): Map<string, NodeRun> {
  return new Map(nodes.map((node) => [node.node, node]))
}

/** Everything that is reached from a node along the arrows, or against them; not the node itself. */
function reached(view: FlowView, node: string, next: 'from' | 'to'): Set<string> {
  const found = new Set<string>()
  const open = [node]
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const edge of view.graph.edges) {
      const [here, there] = next === 'to' ? [edge.from, edge.to] : [edge.to, edge.from]
      if (here === name && !found.has(there)) {
        found.add(there)
        open.push(there)
      }
    }
  }
  return found
}

/** Nodes that a node needs, near or far. */
export const allBefore = (view: FlowView, node: string): string[] => [
  ...reached(view, node, 'from'),
]

/** Whether anything is left out when the flow runs from a node on. */
export function leavesOut(view: FlowView, node: string): boolean {
  const after = reached(view, node, 'to')
  return view.graph.nodes.some(
    ({ name, aggregation }) => name !== node && !aggregation && !after.has(name),
  )
}
