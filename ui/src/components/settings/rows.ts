/** A key that no row of the list has. */
export function nextKey(rows: ReadonlyArray<{ key: number }>): number {
  return rows.reduce((highest, { key }) => Math.max(highest, key), 0) + 1
}
