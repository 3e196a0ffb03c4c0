import type { RecentFlow } from '../../backend/types'
import { ValueStore } from '../../state/keyedStore'

/** What the person searches for. It stays while the window is open. */
export const search = new ValueStore('')

/** The flows that fit the search, in the order given; `runtimeName` tells what a runtime is called. */
export function matching(
  flows: readonly RecentFlow[],
  words: string,
  runtimeName: (id: string) => string,
): RecentFlow[] {
  const wanted = words.trim().toLowerCase().split(/\s+/)
  return flows.filter(({ name, folder, runtime }) => {
    const text = [name, folder, runtime === null ? '' : runtimeName(runtime)]
      .join('\n')
      .toLowerCase()
    return wanted.every((word) => text.includes(word))
  })
}
