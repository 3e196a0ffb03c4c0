import type { Check, Diagnosis, Link } from '../../../backend/types'

const order: Record<Link, true> = {
  compute: true,
  permission: true,
  image: true,
  container: true,
  started: true,
  running: true,
  portPublished: true,
  listening: true,
  reachable: true,
  health: true,
  protocol: true,
  versions: true,
  disk: true,
  memory: true,
  processor: true,
  clock: true,
  network: true,
  modelEndpoints: true,
  flows: true,
}

/** Everything that is looked at, in the order of the chain. */
export const LINKS = Object.keys(order) as Link[]

/** A row of the list: a check, or what is still to be looked at. */
export type Row = { link: Link; check: Check | null }

/** The checks that are there, and behind them what is still to come. */
export function rowsOf({ checks, running }: Diagnosis): Row[] {
  const there: Row[] = checks.map((check) => ({ link: check.link, check }))
  if (!running) return there
  const known = new Set(checks.map(({ link }) => link))
  const coming = LINKS.filter((link) => !known.has(link))
  return [...there, ...coming.map((link) => ({ link, check: null }))]
}

/** How it stands in one word; what could not be seen is never taken for good. */
export type Verdict = 'running' | 'broken' | 'notAllSeen' | 'whole'

export function verdictOf(diagnosis: Diagnosis): Verdict {
  if (diagnosis.running) return 'running'
  if (diagnosis.broken !== null || diagnosis.finding !== null) return 'broken'
  const seen = diagnosis.checks.every(({ state }) => state !== 'unknown' && state !== 'broken')
  return seen && diagnosis.checks.length > 0 ? 'whole' : 'notAllSeen'
}
