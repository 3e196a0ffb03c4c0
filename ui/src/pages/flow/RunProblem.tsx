import type { ConnectionType, Problem } from '../../backend/types'
import { ProblemBar } from '../../components/ProblemBar'
import type { RemedyHandlers } from '../../problems/remedies'
import { useRuntime } from '../../state'
import { useFindingRemedies } from '../runtime/useFindingRemedies'
import { canDo, useRuntimeActions } from '../runtime/useRuntimeActions'

export interface RunProblemProps {
  problem: Problem
  /** The runtime on which it happened; empty = none, or it is not known. */
  runtime: string
  /** The type that a connection has to have; `null` = not known. */
  typeOf?: (connection: string) => ConnectionType | null
  /** The run itself, which is done again once its runtime has what it lacks. */
  again?: string
  /** That has begun. */
  onRun?: (run: string) => void
  /** Runs the same again; left out where that cannot be. */
  onAgain?: () => void
  /** Runs the same again with this limit in seconds. */
  onMoreTime?: (seconds: number) => void
  onShowPlace?: (place: { file: string; line: number; node: string | null }) => void
  title?: string
  /** A sentence that stands before the hints. */
  outcome?: string
}

/** How much more time a run gets that reached its limit. */
const longer = (seconds: number | null) => (seconds ?? 300) * 2

/** Why a run or a row failed, with the buttons that mend it. */
export function RunProblem({
  problem,
  runtime: id,
  typeOf,
  again,
  onRun,
  onAgain,
  onMoreTime,
  onShowPlace,
  title,
  outcome,
}: RunProblemProps) {
  const runtime = useRuntime(id)
  const { remediesOf } = useRuntimeActions()
  const more = useFindingRemedies(runtime, { typeOf, again, onRun })
  const { tryAgain: _tryAgain, ...ofRuntime } = runtime ? remediesOf(runtime) : {}
  const remedies: RemedyHandlers = {
    ...ofRuntime,
    ...more.remedies,
    ...(onMoreTime ? { raiseTimeLimit: ({ seconds }) => onMoreTime(longer(seconds)) } : {}),
    ...(onShowPlace ? { showPlace: onShowPlace } : {}),
    // A runtime that is down has to be started first.
    ...(onAgain && !(runtime && canDo(runtime, 'start')) ? { runAgain: onAgain } : {}),
  }
  return (
    <>
      <ProblemBar
        problem={problem}
        remedies={remedies}
        {...(title === undefined ? {} : { title })}
        {...(outcome === undefined ? {} : { outcome })}
      />
      {more.parts}
    </>
  )
}
