/**
 * Puts together what can be read on one scale: what lies between 0 and 1, and else what is of about the same
 * size. The order stays.
 */
export function byScale<T>(things: readonly T[], largest: (thing: T) => number): T[][] {
  const groups = new Map<number, T[]>()
  for (const thing of things) {
    const size = Math.abs(largest(thing))
    const scale = size <= 1 ? 0 : Math.ceil(Math.log10(size) / 2)
    groups.set(scale, [...(groups.get(scale) ?? []), thing])
  }
  return [...groups.values()]
}

/** Whether all values lie between 0 and 1. */
export const isShare = (values: readonly number[]): boolean =>
  values.every((value) => value >= 0 && value <= 1)
