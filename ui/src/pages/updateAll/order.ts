import type { UpdateAllMember, UpdateCandidate } from '../../backend/types'

/** What the person decided about one candidate. */
export interface Chosen {
  candidate: UpdateCandidate
  checked: boolean
  /** Its doubts were confirmed. */
  confirmed: boolean
}

/** Whether a candidate is chosen before the person says anything. */
export function usuallyChosen({ never, skipped, preview }: UpdateCandidate): boolean {
  return !never && !skipped && preview.confirmations.length === 0
}

/** Candidates with what was decided about them before, in the order that they had; new ones last. */
export function withDecisions(
  candidates: readonly UpdateCandidate[],
  before: readonly Chosen[],
): Chosen[] {
  const place = new Map(before.map(({ candidate }, index) => [candidate.runtime, index]))
  return candidates
    .map((candidate): Chosen => {
      const index = place.get(candidate.runtime)
      const last = index === undefined ? undefined : before[index]
      // What was decided about another version says nothing about this one.
      return last && last.candidate.to === candidate.to
        ? { ...last, candidate }
        : { candidate, checked: usuallyChosen(candidate), confirmed: false }
    })
    .sort(
      (one, other) =>
        (place.get(one.candidate.runtime) ?? before.length) -
        (place.get(other.candidate.runtime) ?? before.length),
    )
}

/** The list with the one at this place moved by one; unchanged at an end. */
export function moved<T>(list: readonly T[], from: number, by: -1 | 1): T[] {
  const next = [...list]
  const [one] = next.splice(from, 1)
  if (one === undefined || from + by < 0 || from + by >= list.length) return [...list]
  next.splice(from + by, 0, one)
  return next
}

/** The first chosen one whose doubts are open. */
export function firstDoubt(chosen: readonly Chosen[]): Chosen | undefined {
  return chosen.find(
    ({ checked, confirmed, candidate }) =>
      checked && !confirmed && candidate.preview.confirmations.length > 0,
  )
}

/** Those that are to be updated, as the application wants them told. */
export function membersOf(chosen: readonly Chosen[]): UpdateAllMember[] {
  return chosen
    .filter(({ checked }) => checked)
    .map(({ candidate, confirmed }) => ({
      runtime: candidate.runtime,
      environment: candidate.environment,
      to: candidate.to,
      digest: candidate.preview.to.digest,
      confirmed,
    }))
}
