import { useQueries } from '@tanstack/react-query'
import { useCallback, useRef, useState } from 'react'
import type { ProblemError, Request, Response } from '../../backend'
import { question, type ReadCommand } from '../../state'

/** What is read in pages. */
type Paged = Extract<ReadCommand, 'batch_rows' | 'compare_batches'>

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
  const show = useCallback(
    (first: number, last: number) => {
      const next = [Math.floor(first / page), Math.floor(last / page)] as const
      setRange((before) => (before[0] === next[0] && before[1] === next[1] ? before : next))
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
    show,
    error: results.find(({ error }) => error !== null)?.error ?? null,
    again: () => {
      for (const { refetch } of results) refetch()
    },
  }
}
