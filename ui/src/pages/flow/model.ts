import type { FlowNode, FlowView, NodeRun, NodeVariants } from '../../backend/types'
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

/** Inputs of a node that take a connection, and the one that its file names. */
export function connectionInputs(
  node: FlowNode,
  view: FlowView,
): Array<{ input: string; connection: string }> {
  const found =
    node.connection === null ? [] : [{ input: 'connection', connection: node.connection }]
  for (const { name, value } of node.inputs) {
    const need = view.connections.find((one) => one.name === value)
    if (need?.nodes.includes(node.name)) found.push({ input: name, connection: need.name })
  }
  return found
}

/** Nodes whose outputs a node takes or waits for. */
export function neededBy(view: FlowView, node: string): string[] {
  return [...new Set(view.graph.edges.flatMap(({ from, to }) => (to === node ? [from] : [])))]
}

/** Nodes of a run by name. */
export function nodesByName(nodes: readonly NodeRun[]): Map<string, NodeRun> {
  return new Map(nodes.map((node) => [node.node, node]))
}
