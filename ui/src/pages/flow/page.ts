import { createContext, useContext } from 'react'
import type { ProblemError } from '../../backend'
import type {
  FlowRun,
  FlowRunDetail,
  FlowRuntime,
  FlowView,
  Problem,
  RunAgain,
  StartFlowRun,
} from '../../backend/types'
import type { Draft } from './draft'

/** Id of the heading of the panel beside the graph. */
export const PANEL = 'flow-panel'

/** A place in the page that its address names. */
export interface Place {
  tab?: string | null
  run?: string | null
  node?: string | null
  file?: string | null
  line?: string | null
  side?: string | null
}

/** The part of the page that begins a run. */
export type StartedBy = 'flow' | 'node' | 'fromHere' | 'again' | 'chat'

/** What the parts of a flow's page share. */
export interface FlowPage {
  view: FlowView
  draft: Draft
  change: (part: Partial<Draft>) => void
  /** The runtime that is chosen; it may be one that cannot be used. */
  runtime: FlowRuntime | null
  /** Runs of this flow, newest first; `undefined` = not known yet. */
  runs: FlowRun[] | undefined
  runsError: ProblemError | null
  /** The run that is shown; `null` = none. */
  run: FlowRun | null
  /** Its values. */
  detail: FlowRunDetail | undefined
  detailError: ProblemError | null
  /** The run that is under way; `null` = none. */
  active: FlowRun | null
  node: string | null
  file: string | null
  line: number | null
  go: (place: Place) => void
  /** Goes to a node's panel. */
  showNode: (node: string) => void
  /** Goes to a line of a file, in the panel of the node that it is about. */
  showPlace: (place: { file: string; line: number; node: string | null }) => void
  /** Why nothing can be run, a sentence; `null` = it can. */
  hindrance: string | null
  /** What a run that is begun now would be asked with; `null` = no runtime is chosen. */
  proposal: () => StartFlowRun | null
  /** Begins a run and shows it. */
  start: (by: StartedBy, part: Partial<StartFlowRun>, then?: (run: string) => void) => void
  /** Begins a run once more with everything that it was begun with; what is not kept is asked for. */
  startAgain: (again: RunAgain) => void
  /** Does a run again as it was, with this limit in seconds where one is given, and shows it. */
  again: (run: string, limit?: number) => void
  /** Shows a run that something else began. */
  showRun: (run: string) => void
  /** Which part began the run that is on its way; `null` = none is. */
  starting: StartedBy | null
  /** Why the last run was not begun, and which part asked for it. */
  startProblem: { by: StartedBy; problem: Problem } | null
}

export const FlowPageContext = createContext<FlowPage | null>(null)

/** The page around. */
export function useFlowPage(): FlowPage {
  const page = useContext(FlowPageContext)
  if (!page) throw new Error('This part stands on the page of a flow only.')
  return page
}
