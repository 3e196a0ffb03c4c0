import { useEffect } from 'react'

const attended = new Map<string, number>()

/** Whether a page on screen shows this operation, so that its end needs no toast. */
export function isAttended(operation: string): boolean {
  return attended.has(operation)
}

/** Says that the calling component shows the operation's progress and end. */
export function useAttend(operation: string | null | undefined): void {
  useEffect(() => {
    if (!operation) return
    attended.set(operation, (attended.get(operation) ?? 0) + 1)
    return () => {
      const left = (attended.get(operation) ?? 1) - 1
      if (left > 0) attended.set(operation, left)
      else attended.delete(operation)
    }
  }, [operation])
}
