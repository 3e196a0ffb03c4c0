import type { Problem } from './generated/Problem'

/** An error of a command. What people see of it is the problem, never the message. */
export class ProblemError extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.sentence)
    this.name = 'ProblemError'
    this.problem = problem
  }
}

function isProblem(value: unknown): value is Problem {
  return (
    typeof value === 'object' &&
    value !== null &&
    'code' in value &&
    'sentence' in value &&
    'hints' in value
  )
}

/** The problem behind anything that was thrown; what is not one becomes `internal`. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem
  if (isProblem(error)) return error
  return {
    code: 'internal',
    sentence: 'The application could not do this because of a fault of its own.',
    hints: ['Try again. If it stays, the log folder named under Settings tells more.'],
    details: error instanceof Error ? error.message : String(error),
    retry: true,
    field: null,
    finding: null,
  }
}
