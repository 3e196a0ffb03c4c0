import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Batch, BatchDetail, Batches } from '../backend/types'
import { batch, batchDetail, runningBatch } from '../testing/batchFixtures'
import { refreshBatch } from './batchAnswers'
import { applyChange, live } from './live'
import { makeQueryClient } from './queries'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A client with kept answers, and the first words of the keys that are asked again. */
function keptAnswers(of: Batch) {
  const client = makeQueryClient()
  client.setQueryData(['batch', { batch: of.id }], batchDetail(of))
  client.setQueryData(['list_batches', { flow: null, text: '' }], { batches: [of], bytes: 1 })
  const again: string[] = []
  vi.spyOn(client, 'invalidateQueries').mockImplementation(async (filters) => {
    again.push(String(filters?.queryKey?.[0]))
  })
  const count = (command: string) => again.filter((one) => one === command).length
  return { client, count }
}

describe('a batch run that is told', () => {
  it('stands in for kept answers at once', () => {
    const before = runningBatch()
    const { client } = keptAnswers(before)
    refreshBatch(client, { ...before, completed: 500 })
    const detail = client.getQueryData<BatchDetail>(['batch', { batch: before.id }])
    expect(detail?.batch.completed).toBe(500)
    expect(detail?.outputs).toEqual(['answer', 'sources'])
    const list = client.getQueryData<Batches>(['list_batches', { flow: null, text: '' }])
    expect(list?.batches[0]?.completed).toBe(500)
  })

  it('has its rows asked again as they end, but not more than twice a second', () => {
    const before = runningBatch()
    const { client, count } = keptAnswers(before)
    for (let ended = 0; ended < 100; ended += 1) {
      refreshBatch(client, { ...before, completed: before.completed + ended })
      vi.advanceTimersByTime(20)
    }
    vi.advanceTimersByTime(1000)
    // Two seconds of changes.
    expect(count('batch_rows')).toBe(5)
    expect(count('batch_latency')).toBe(5)
    expect(count('compare_batches')).toBe(2)
    expect(count('batch')).toBe(1)
  })

  it('is asked for no more rows while none ends', () => {
    const before = runningBatch()
    const { client, count } = keptAnswers(before)
    for (let time = 0; time < 20; time += 1) {
      refreshBatch(client, { ...before, timeLeft: time })
      vi.advanceTimersByTime(600)
    }
    expect(count('batch_rows')).toBe(1)
  })

  it('has what is around it asked again when it stands otherwise', () => {
    const before = runningBatch()
    const { client, count } = keptAnswers(before)
    refreshBatch(client, before)
    refreshBatch(client, { ...before, state: 'paused' })
    vi.advanceTimersByTime(1000)
    for (const command of ['batch', 'list_batches', 'flow_runtimes', 'preview_batch']) {
      expect(count(command)).toBe(2)
    }
    expect(count('batch_rows')).toBe(2)
  })

  it('is kept by its id', () => {
    applyChange({ kind: 'batch', batch: batch() })
    applyChange({ kind: 'batch', batch: batch({ completed: 981 }) })
    expect(live.batches.all().map(({ completed }) => completed)).toEqual([981])
  })
})
