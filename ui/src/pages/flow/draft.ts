import { useCallback, useSyncExternalStore } from 'react'
import type { ConnectionOverride, FlowInputsCheck, ProposedInput } from '../../backend/types'
import { KeyedStore } from '../../state/keyedStore'

/** What a person typed and chose for the runs of one flow. It stays while the window is open. */
export interface Draft {
  /** As typed, by name; what is not here stands as it was proposed. */
  inputs: Readonly<Record<string, string>>
  init: Readonly<Record<string, string>>
  /** By node, where it is not the default. */
  variants: Readonly<Record<string, string>>
  /** Where it is not the one that the flow names. */
  connections: readonly ConnectionOverride[]
  /** Seconds after which a run is given up, as typed; empty = no limit. */
  limit: string
  /** A run was asked for: what is missing is said of every field from then on. */
  tried: boolean
  /** The field that gets the focus once it is there. */
  focus: string | null
}

export const emptyDraft: Draft = {
  inputs: {},
  init: {},
  variants: {},
  connections: [],
  limit: '',
  tried: false,
  focus: null,
}

/** By flow. */
export const drafts = new KeyedStore<Draft>()

export function useDraft(flow: string): [Draft, (change: Partial<Draft>) => void] {
  const draft = useSyncExternalStore(
    useCallback((listener: () => void) => drafts.subscribeKey(flow, listener), [flow]),
    () => drafts.get(flow) ?? emptyDraft,
  )
  const change = useCallback(
    (part: Partial<Draft>) =>
      drafts.apply([[flow, { ...(drafts.get(flow) ?? emptyDraft), ...part }]]),
    [flow],
  )
  return [draft, change]
}

/**
 * The inputs of a request. Left out, so that their defaults stand: what has no proposal and was never
 * typed, and what is empty where an empty text is no value.
 */
export function given(
  proposed: readonly ProposedInput[],
  typed: Readonly<Record<string, string>>,
): Record<string, string> {
  const values: Record<string, string> = {}
  for (const { name, kind, text, from } of proposed) {
    const value = typed[name] ?? (from === 'nowhere' ? undefined : text)
    if (value === undefined) continue
    if (value.trim() === '' && kind !== 'string') continue
    values[name] = value
  }
  return values
}

/** Texts that are not what is proposed anyhow. */
export const changed = (
  proposed: readonly ProposedInput[],
  typed: Readonly<Record<string, string | undefined>>,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(typed).flatMap(([name, text]) =>
      text === undefined || proposed.find((one) => one.name === name)?.text === text
        ? []
        : [[name, text]],
    ),
  )

/** Sentences by field (`inputs.NAME`, `init.NAME`). */
export function byField({ problems }: FlowInputsCheck): Map<string, string> {
  const sentences = new Map<string, string>()
  for (const { field, sentence, hints } of problems) {
    if (field !== null && !sentences.has(field)) {
      sentences.set(field, [sentence, ...hints].join(' '))
    }
  }
  return sentences
}

/** The limit of a draft in seconds; `undefined` = what is typed is none. */
export function limitOf(text: string): number | null | undefined {
  const typed = text.trim()
  if (typed === '') return null
  return /^[1-9]\d{0,5}$/.test(typed) ? Number(typed) : undefined
}
