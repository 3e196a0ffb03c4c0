import type { ProblemCode } from '../backend/types'

/** How a problem looks. */
export interface Look {
  intent: 'error' | 'warning' | 'info'
}

/** The one table from code to look; a new code does not compile until it stands here. */
export const looks: Record<ProblemCode, Look> = {
  invalidInput: { intent: 'error' },
  notFound: { intent: 'warning' },
  busy: { intent: 'info' },
  changedMeanwhile: { intent: 'warning' },
  computeUnreachable: { intent: 'error' },
  registryUnreachable: { intent: 'warning' },
  registryDenied: { intent: 'error' },
  rateLimited: { intent: 'warning' },
  imageNotFound: { intent: 'error' },
  wrongArchitecture: { intent: 'error' },
  knownBad: { intent: 'warning' },
  moved: { intent: 'warning' },
  nameTaken: { intent: 'error' },
  portTaken: { intent: 'error' },
  diskFull: { intent: 'error' },
  containerFailed: { intent: 'error' },
  noService: { intent: 'error' },
  notReadyInTime: { intent: 'error' },
  keyring: { intent: 'warning' },
  cannotBeKept: { intent: 'error' },
  buildFailed: { intent: 'error' },
  flowHasErrors: { intent: 'error' },
  runFailed: { intent: 'error' },
  flowsWouldNotFit: { intent: 'warning' },
  engine: { intent: 'error' },
  storage: { intent: 'error' },
  internal: { intent: 'error' },
}
