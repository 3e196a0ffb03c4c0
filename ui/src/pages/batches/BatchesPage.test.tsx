import { act, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import * as batches from '../../testing/batchFixtures'
import { problem } from '../../testing/fixtures'
import { openFlow } from '../../testing/openFlow'
import { expectAccessible, openAt } from '../../testing/render'

const PATH = '/flows/batches'

const rowOf = async (name: string) =>
  (await screen.findByRole('checkbox', { name: `Choose ${name}` })).closest(
    '[role=row]',
  ) as HTMLElement

describe('the list of batch runs', () => {
  it('is come to from the flows, and tells how each went', async () => {
    const { user, address } = await openAt('/flows')
    await user.click(await screen.findByRole('button', { name: 'Batch runs' }))
    expect(address()).toBe(PATH)
    const row = await rowOf('answers 2')
    for (const words of ['answers', 'Completed', '1,000 of 1,000, 20 failed', 'accuracy 0.8125']) {
      expect(row).toHaveTextContent(words)
    }
    expect(screen.getByText(/take 8.7 MB on the disk/)).toBeVisible()
    await expectAccessible()
    await user.click(screen.getByRole('link', { name: 'answers 2' }))
    expect(address()).toBe(`${PATH}/batch-completed`)
  })

  it('follows what is under way', async () => {
    const { backend } = await openAt(PATH)
    expect(await rowOf('answers 3')).toHaveTextContent('420 of 1,000, 15 failed')
    const next = batches.runningBatch({ completed: 500 })
    backend.world.batches = [next]
    act(() => backend.tell({ kind: 'batch', batch: next }))
    await waitFor(async () =>
      expect(await rowOf('answers 3')).toHaveTextContent('515 of 1,000, 15 failed'),
    )
  })

  it('is filtered and searched', async () => {
    const { user, backend } = await openAt(PATH)
    await rowOf('answers 3')
    await user.click(screen.getByRole('button', { name: 'Failed 1' }))
    expect(screen.getByRole('grid', { name: 'Batch runs' })).toHaveAttribute('aria-rowcount', '2')
    await user.click(screen.getByRole('button', { name: 'All 5' }))
    await user.type(screen.getByRole('searchbox', { name: 'Search batch runs' }), 'nightly')
    await waitFor(() => expect(screen.queryByText('answers 3')).toBeNull())
    expect(await rowOf('answers 2')).toBeVisible()
    expect(backend.requests('list_batches').at(-1)).toEqual({ flow: null, text: 'nightly' })
    await user.type(screen.getByRole('searchbox', { name: 'Search batch runs' }), 'x')
    expect(await screen.findByText('No batch run matches')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Show all batch runs' }))
    expect(await rowOf('answers 3')).toBeVisible()
  })

  it('leads to a comparison, the oldest first', async () => {
    const { user, address } = await openAt(PATH)
    await user.click(await screen.findByRole('checkbox', { name: 'Choose answers 2' }))
    expect(screen.getByText('Choose two to six to compare them.')).toBeVisible()
    await user.click(screen.getByRole('checkbox', { name: 'Choose answers 1' }))
    await expectAccessible()
    await user.click(screen.getByRole('button', { name: 'Compare' }))
    expect(address()).toBe(`${PATH}/compare?run=batch-failed&run=batch-completed`)
  })

  it('deletes several, after the consequence was said', async () => {
    const { user, backend } = await openAt(PATH)
    await user.click(await screen.findByRole('checkbox', { name: 'Choose answers 2' }))
    await user.click(screen.getByRole('checkbox', { name: 'Choose answers 1' }))
    await user.click(screen.getByRole('button', { name: 'Delete' }))
    const dialog = within(await screen.findByRole('dialog', { name: 'Delete 2 batch runs' }))
    await user.click(dialog.getByRole('button', { name: 'Delete 2 batch runs' }))
    await waitFor(() => expect(screen.queryByRole('link', { name: 'answers 2' })).toBeNull())
    expect(backend.requests('delete_batch')).toEqual([
      { batch: 'batch-completed' },
      { batch: 'batch-failed' },
    ])
    expect(screen.queryByText(/chosen/)).toBeNull()
  })

  it('says what one is while there is none', async () => {
    await openAt(PATH, { batches: [] })
    expect(await screen.findByText('No batch runs yet')).toBeVisible()
    expect(screen.queryByRole('searchbox')).toBeNull()
    await expectAccessible()
  })

  it('tells why it could not be read, and asks again', async () => {
    const { user, backend } = await openAt(PATH, {
      answers: {
        list_batches: () => {
          throw problem({ code: 'storage', sentence: 'The list cannot be read.', retry: true })
        },
      },
    })
    expect(await screen.findByText('The list cannot be read.')).toBeVisible()
    delete backend.world.answers.list_batches
    await user.click(screen.getByRole('button', { name: 'Try again' }))
    expect(await rowOf('answers 2')).toBeVisible()
  })

  it('draws only the rows in view', async () => {
    await openAt(PATH, {
      batches: Array.from({ length: 2000 }, (_, index) =>
        batches.batch({ id: `b${index}`, name: `run ${index}` }),
      ),
    })
    await rowOf('run 0')
    const grid = screen.getByRole('grid', { name: 'Batch runs' })
    expect(grid).toHaveAttribute('aria-rowcount', '2001')
    expect(within(grid).getAllByRole('row').length).toBeLessThan(60)
  })
})

describe('batch runs of one flow', () => {
  it('stand beside its runs', async () => {
    const { user, backend, address } = await openFlow()
    await user.click(await screen.findByRole('tab', { name: 'Batch runs' }))
    expect(address()).toContain('tab=batches')
    expect(await rowOf('answers 2')).toBeVisible()
    expect(screen.queryByRole('columnheader', { name: 'Flow' })).toBeNull()
    expect(backend.requests('list_batches').at(-1)?.flow).toContain('answers')
  })

  it('are begun from there while there is none', async () => {
    const { user, address } = await openFlow({ batches: [] }, '?tab=batches')
    await user.click(await screen.findByRole('button', { name: 'New batch run' }))
    expect(address()).toContain('/batch')
  })

  it('that wait for a runtime are told where it is chosen', async () => {
    const { user } = await openFlow({
      answers: {
        flow_runtimes: () => ({
          runtimes: [
            {
              runtime: batches.MY_RUNTIME,
              name: 'my-runtime',
              compute: 'local',
              computeName: 'local',
              status: 'Available',
              version: '20240429.v8',
              cpuLimit: 2,
              memoryLimit: 0,
              runs: 0,
              batches: ['answers 3', 'answers 4'],
              usable: true,
              sentence: '',
            },
          ],
        }),
      },
    })
    await user.click(await screen.findByRole('combobox', { name: 'Runtime' }))
    expect(
      await screen.findByRole('option', { name: /in its queue: “answers 3”, “answers 4”/ }),
    ).toBeVisible()
  })
})
