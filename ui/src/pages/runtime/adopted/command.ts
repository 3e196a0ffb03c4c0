const COMPOSE = /^(.*?):? (docker compose .+)$/s

/**
 * A hint taken apart: its words, and the command at its end, so that it can be copied.
 * Nothing depends on it: a hint without a command is shown as it is.
 */
export function withCommand(hint: string): { words: string; command: string | null } {
  const [, words, command] = COMPOSE.exec(hint) ?? []
  return words !== undefined && command !== undefined
    ? { words: `${words}:`, command }
    : { words: hint, command: null }
}
