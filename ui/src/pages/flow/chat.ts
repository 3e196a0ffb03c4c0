import { useCallback, useSyncExternalStore } from 'react'
import type { JsonValue } from '../../backend/generated/serde_json/JsonValue'
import type { Chat } from '../../backend/types'
import { KeyedStore } from '../../state/keyedStore'

/** One question of a conversation and the run that answers it. */
export interface Turn {
  run: string
  question: string
  /** All that the flow gave; `null` = not yet, or it gave nothing. */
  outputs: { [key in string]: JsonValue } | null
}

const none: readonly Turn[] = []

/** Conversations by flow, oldest turn first. They stay while the window is open. */
export const conversations = new KeyedStore<readonly Turn[]>()

export function useConversation(
  flow: string,
): [readonly Turn[], (change: (before: readonly Turn[]) => readonly Turn[]) => void] {
  const turns = useSyncExternalStore(
    useCallback((listener: () => void) => conversations.subscribeKey(flow, listener), [flow]),
    () => conversations.get(flow) ?? none,
  )
  const change = useCallback(
    (make: (before: readonly Turn[]) => readonly Turn[]) =>
      conversations.apply([[flow, make(conversations.get(flow) ?? none)]]),
    [flow],
  )
  return [turns, change]
}

/** What was said before, as a flow takes it: questions without an answer are not in it. */
export function historyOf(chat: Chat, turns: readonly Turn[]): string {
  return JSON.stringify(
    turns.flatMap(({ question, outputs }) =>
      outputs === null ? [] : [{ inputs: { [chat.input]: question }, outputs }],
    ),
  )
}

/** The answer of a turn as it is read; the one output where no output is marked as the answer. */
export function answerOf(chat: Chat, { outputs }: Turn): JsonValue | undefined {
  if (outputs === null) return undefined
  if (chat.output !== null) return outputs[chat.output]
  const values = Object.values(outputs)
  return values.length === 1 ? values[0] : outputs
}
