import type { Remedy } from '../../../backend/types'
import { isMending, type Mending } from '../../../problems/remedies'

/** The remedy that a page's address names; `null` = none that the application can do. */
export function mendingOf(text: string | null): Mending | null {
  if (text === null) return null
  try {
    const remedy = JSON.parse(text) as Remedy
    return isMending(remedy) ? remedy : null
  } catch {
    return null
  }
}
