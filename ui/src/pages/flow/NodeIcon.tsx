import {
  BrainCircuit20Regular,
  Code20Regular,
  TextQuote20Regular,
  Toolbox20Regular,
} from '@fluentui/react-icons'
import type { NodeKind } from '../../backend/types'

const icons: Record<NodeKind, typeof Code20Regular> = {
  python: Code20Regular,
  prompt: TextQuote20Regular,
  llm: BrainCircuit20Regular,
  customLlm: BrainCircuit20Regular,
  other: Toolbox20Regular,
}

/** What a node is, as a picture beside its name. */
export function NodeIcon({ kind }: { kind: NodeKind }) {
  const Icon = icons[kind]
  return <Icon aria-hidden="true" />
}
