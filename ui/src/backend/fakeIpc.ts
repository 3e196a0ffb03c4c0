import { emit } from '@tauri-apps/api/event'
import { clearMocks, mockIPC } from '@tauri-apps/api/mocks'

/** Answers one call; what it throws or rejects with is the call's error. */
export type FakeAnswer = (command: string, args: Record<string, unknown>) => unknown

/** Sends a message over the channel of a call's arguments. */
export function sendOver(channel: unknown, message: unknown): void {
  ;(channel as { onmessage: (message: unknown) => void }).onmessage(message)
}

/** Puts an answer of tests or of the gallery in the place of the application. */
export function installFakeIpc(answer: FakeAnswer): void {
  mockIPC((command, args) => answer(command, (args ?? {}) as Record<string, unknown>), {
    shouldMockEvents: true,
  })
}

/** Drops files and folders on the window. */
export const dropOnWindow = (paths: string[]) => emit('tauri://drag-drop', { paths })

export { clearMocks as removeFakeIpc }
