import { QueryClientProvider } from '@tanstack/react-query'
import { act, renderHook, waitFor } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { makeQueryClient } from '../../state/queries'
import { batch } from '../../testing/batchFixtures'
import { installFakeBackend } from '../../testing/fakeBackend'
import { usePages } from './usePages'

function open() {
  const client = makeQueryClient()
  const backend = installFakeBackend({
    batches: [batch({ id: 'big', rows: 100_000, completed: 100_000, failed: 0 })],
  })
  const query = { state: null, text: '', sort: 'row', descending: false } as const
  const hook = renderHook(
    () =>
      usePages('batch_rows', 500, (offset) => ({
        batch: 'big',
        query: { ...query, offset, limit: 500 },
      })),
    {
      wrapper: ({ children }) => (
        <QueryClientProvider client={client}>{children}</QueryClientProvider>
      ),
    },
  )
  const offsets = () => backend.requests('batch_rows').map(({ query: { offset } }) => offset)
  return { hook, offsets }
}

describe('pages of rows', () => {
  it('are asked for once they stay in view, not while they fly past', async () => {
    const { hook, offsets } = open()
    await waitFor(() => expect(hook.result.current.total).toBe(100_000))
    expect(hook.result.current.row(499)?.row).toBe(499)
    expect(hook.result.current.row(500)).toBeUndefined()
    act(() => {
      for (let first = 0; first < 90_000; first += 1000) hook.result.current.show(first, first + 40)
      hook.result.current.show(49_990, 50_030)
    })
    await waitFor(() => expect(hook.result.current.row(50_000)?.row).toBe(50_000))
    expect(hook.result.current.row(49_999)?.row).toBe(49_999)
    expect(offsets()).toEqual([0, 49_500, 50_000])
    expect(hook.result.current.total).toBe(100_000)
  })

  it('keep how many there are while others are asked for', async () => {
    const { hook } = open()
    await waitFor(() => expect(hook.result.current.known).toBe(true))
    act(() => hook.result.current.show(80_000, 80_040))
    await waitFor(() => expect(hook.result.current.known).toBe(false))
    expect(hook.result.current.total).toBe(100_000)
    await waitFor(() => expect(hook.result.current.row(80_000)?.row).toBe(80_000))
  })
})
