/** Runtimes that were released from this window: that they disappear needs no word. */
const released = new Set<string>()

export const isReleased = (runtime: string): boolean => released.has(runtime)

/** Says that a runtime is being released, or, after a refusal, that it is not. */
export function markReleased(runtime: string, is: boolean): void {
  if (is) released.add(runtime)
  else released.delete(runtime)
}
