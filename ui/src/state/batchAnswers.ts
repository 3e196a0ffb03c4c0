import type { QueryClient } from '@tanstack/react-query'
import type { Batch, BatchDetail, Batches, BatchState } from '../backend/types'

/** Milliseconds between two questions for the rows of one batch run while it goes on. */
const ROWS_PACE = 500

/** Milliseconds between two questions for what is put side by side: much is read for it, as for causes of failed rows. */
const COMPARE_PACE = 2000

/** What was told of one batch run last, and what is asked again a little later. */
interface Told {
  state: BatchState
  ended: number
  waiting: Map<string, ReturnType<typeof setTimeout>>
  asked: Map<string, number>
}

const told = new WeakMap<QueryClient, Map<string, Told>>()

/** Does something at once, or as soon as it was not done for so long; calls in between count as one. */
function paced(of: Told, what: string, pace: number, act: () => void): void {
  if (of.waiting.has(what)) return
  const wait = (of.asked.get(what) ?? Number.NEGATIVE_INFINITY) + pace - Date.now()
  const now = () => {
    of.waiting.delete(what)
    of.asked.set(what, Date.now())
    act()
  }
  if (wait <= 0) now()
  else of.waiting.set(what, setTimeout(now, wait))
}

/**
 * Brings kept answers in step with a batch run. Its numbers are put in; its rows are asked for again as they
 * change, but no more than twice a second; what is around it, when it stands otherwise.
 */
export function refreshBatch(client: QueryClient, batch: Batch): void {
  const { id, state } = batch
  client.setQueryData<BatchDetail>(
    ['batch', { batch: id }],
    (before) => before && { ...before, batch },
  )
  client.setQueriesData<Batches>({ queryKey: ['list_batches'] }, (before) =>
    before?.batches.some((one) => one.id === id)
      ? { ...before, batches: before.batches.map((one) => (one.id === id ? batch : one)) }
      : before,
  )
  const again = (...queryKey: unknown[]) => client.invalidateQueries({ queryKey })
  const all = told.get(client) ?? new Map<string, Told>()
  told.set(client, all)
  const before = all.get(id)
  const of: Told = before ?? { state, ended: -1, waiting: new Map(), asked: new Map() }
  all.set(id, of)
  if (before?.state !== state) {
    again('batch', { batch: id })
    again('list_batches')
    again('flow_runtimes')
    again('preview_batch')
  }
  const ended = batch.completed + batch.failed
  if (before?.state !== state || of.ended !== ended) {
    paced(of, 'rows', ROWS_PACE, () => {
      again('batch_rows', { batch: id })
      again('batch_row', { batch: id })
      again('batch_latency', { batch: id })
    })
    paced(of, 'compare', COMPARE_PACE, () => {
      again('compare_batches')
      again('batch_failures', { batch: id })
    })
  }
  of.state = state
  of.ended = ended
}
