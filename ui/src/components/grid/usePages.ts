import { useQueries } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import type { ProblemError, Request, Response } from '../../backend'
import { question, type ReadCommand } from '../../state'

/** What is read in pages. */
type Paged = Extract<ReadCommand, 'batch_rows' | 'compare_batches'>

/** Milliseconds for which the same pages are in view before they are asked for: not all that fly past. */
const REST = 60

type RowOf<C extends Paged> = Response<C>['rows'][number]

/**
 * Rows of which only the pages in view are asked for. `of` is what a page's request has beside its place; a
 * page that is asked for again keeps its rows until the answer is there.
 */
export function usePages<C extends Paged>(
  command: C,
  page: number,
  of: (offset: number) => Request<C>,
) {
  const [range, setRange] = useState<readonly [number, number]>([0, 0])
  const pages = Array.from({ length: range[1] - range[0] + 1 }, (_, index) => range[0] + index)
  const results = useQueries({
    queries: pages.map((number) => question(command, of(number * page))),
  }) as Array<{ data?: Response<C>; error: ProblemError | null; refetch: () => unknown }>
  const known = results.find(({ data }) => data !== undefined)?.data
  const lastTotal = useRef(0)
  if (known) lastTotal.current = known.total
  const row = (index: number): RowOf<C> | undefined => {
    const found = results[Math.floor(index / page) - range[0]]?.data
    return found?.rows[index % page] as RowOf<C> | undefined
  }
  const waiting = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(waiting.current), [])
  const show = useCallback(
    (first: number, last: number) => {
      const next = [Math.floor(first / page), Math.floor(last / page)] as const
      clearTimeout(waiting.current)
      waiting.current = setTimeout(
        () =>
          setRange((before) => (before[0] === next[0] && before[1] === next[1] ? before : next)),
        REST,
      )
    },
    [page],
  )
  return {
    /** Rows in all pages; as long as another question is not answered, those of the last one. */
    total: known?.total ?? lastTotal.current,
    /** Whether anything is known yet. */
    known: known !== undefined,
    first: known,
    row,
    /** Where a row stands among those that are known; -1 = it is none of them. */
    indexOf: (is: (row: RowOf<C>) => boolean): number => {
      for (const [number, { data }] of results.entries()) {
        const found = (data?.rows as RowOf<C>[] | undefined)?.findIndex(is) ?? -1
        if (found >= 0) return (range[0] + number) * page + found
      }
      return -1
    },
    show,
    error: results.find(({ error }) => error !== null)?.error ?? null,
    again: () => {
      for (const { refetch } of results) refetch()
    },
  }
}
