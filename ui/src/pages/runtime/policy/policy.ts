import type { UpdatePolicy, Weekday } from '../../../backend/types'

export const weekdays: readonly Weekday[] = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
]

/** Days that a version has to be out before it is taken, unless the person says otherwise. */
const USUAL_DAYS = '7'

/** A policy as typed. What belongs to the window is kept while another kind is chosen. */
export interface PolicyDraft {
  kind: UpdatePolicy['kind']
  days: readonly Weekday[]
  from: string
  to: string
  olderThanDays: string
}

export function draftOf(policy: UpdatePolicy): PolicyDraft {
  if (policy.kind === 'window') {
    const { window, olderThanDays } = policy
    return { kind: 'window', ...window, olderThanDays: String(olderThanDays) }
  }
  return {
    kind: policy.kind,
    days: weekdays,
    from: '02:00',
    to: '04:00',
    olderThanDays: USUAL_DAYS,
  }
}

export type PolicyField = 'days' | 'from' | 'to' | 'olderThanDays'

const isTime = (text: string): boolean => /^([01]\d|2[0-3]):[0-5]\d$/.test(text)

/** The fields that cannot be used. */
export function faultsOf(draft: PolicyDraft): ReadonlySet<PolicyField> {
  const faults = new Set<PolicyField>()
  if (draft.kind !== 'window') return faults
  if (draft.days.length === 0) faults.add('days')
  if (!isTime(draft.from)) faults.add('from')
  if (!isTime(draft.to) || draft.to === draft.from) faults.add('to')
  const days = draft.olderThanDays.trim()
  if (!/^\d{1,3}$/.test(days) || Number(days) > 365) faults.add('olderThanDays')
  return faults
}

/** The policy that a draft without faults stands for. */
export function policyOf(draft: PolicyDraft): UpdatePolicy {
  if (draft.kind !== 'window') return { kind: draft.kind }
  return {
    kind: 'window',
    window: {
      days: weekdays.filter((day) => draft.days.includes(day)),
      from: draft.from,
      to: draft.to,
    },
    olderThanDays: Number(draft.olderThanDays),
  }
}
