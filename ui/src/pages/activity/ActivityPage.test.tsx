import { act, screen, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { endedSeries, operation, pastOperations, runtime, series } from '../../testing/fixtures'
import { expectAccessible, openAt } from '../../testing/render'
import { together } from './operations'

const rows = async () =>
  within(await screen.findByRole('list', { name: 'Operations' }))
    .getAllByRole('button', { expanded: undefined })
    .filter(
      (button) =>
        button.hasAttribute('aria-expanded') && /^(Update|Create)/.test(button.textContent ?? ''),
    )

describe('activity', () => {
  it('lists running operations first, open, and the others folded', async () => {
    const { user } = await openAt('/activity', { operations: [operation()] })
    await screen.findByText('Create my-runtime')
    const all = await rows()
    expect(all.map((row) => row.textContent)).toEqual([
      expect.stringMatching(/^Update rag-prod/),
      expect.stringMatching(/^Update my-runtime/),
      expect.stringMatching(/^Update my-runtime/),
      expect.stringMatching(/^Create my-runtime/),
    ])
    expect(all.map((row) => row.getAttribute('aria-expanded'))).toEqual([
      'true',
      'false',
      'false',
      'false',
    ])
    expect(screen.getByText('62 %')).toBeVisible()
    await user.click(all[1] as HTMLElement)
    expect(screen.getByText('my-runtime still runs 20240429.v8.')).toBeVisible()
    await expectAccessible()
  })

  it('follows an operation to its end', async () => {
    const { backend } = await openAt('/activity', { operations: [operation()] })
    await screen.findByText('62 %')
    await act(async () =>
      backend.tell({
        kind: 'operation',
        operation: operation({
          state: 'succeeded',
          cancel: 'no',
          finished: new Date().toISOString(),
          outcome: 'rag-prod runs 20240429.v10.',
        }),
      }),
    )
    expect(screen.getByText('rag-prod runs 20240429.v10.')).toBeVisible()
    expect(screen.getByRole('button', { name: 'Running 0' })).toBeVisible()
  })

  it('is filtered and searched, and says when nothing fits', async () => {
    const { user } = await openAt('/activity', { operations: [operation()] })
    await user.click(await screen.findByRole('button', { name: 'Failed or cancelled 1' }))
    expect(await rows()).toHaveLength(1)
    await user.type(screen.getByRole('searchbox', { name: 'Search activity' }), 'rag-prod')
    expect(screen.getByText('No operation fits')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Show all' }))
    expect(await rows()).toHaveLength(4)
  })

  it('shows a series of updates as one line with its runtimes', async () => {
    const first = operation({
      id: 'operation-first',
      name: 'rag-prod',
      state: 'succeeded',
      finished: new Date().toISOString(),
    })
    const { user } = await openAt('/activity', {
      operations: [first],
      series: [endedSeries(), series({ id: 'series-2', end: 'complete' })],
      answers: { list_operations: () => ({ operations: [first] }) },
    })
    const line = await screen.findByRole('button', { name: /^Update 4 runtimes/ })
    expect(line).toHaveTextContent('Ended early')
    expect(await rows()).toHaveLength(2)
    await user.click(line)
    expect(
      screen.getByText('20240429.v10 did not work on eval, so it was not tried here.'),
    ).toBeVisible()
    expect(screen.getByText(/^1 runtime was updated\. 1 failed/)).toBeVisible()
    // Its own update stands within the other one's line.
    await user.click(screen.getByRole('button', { name: /^Update 3 runtimes/ }))
    const own = within(screen.getByRole('list', { name: 'Updates of this series' }))
    expect(own.getByRole('button', { name: /^Update rag-prod/ })).toBeVisible()
    await expectAccessible()
    await user.type(screen.getByRole('searchbox', { name: 'Search activity' }), 'summaries')
    expect(screen.queryByRole('button', { name: /^Update 3 runtimes/ })).toBeNull()
    expect(screen.getByRole('button', { name: /^Update 4 runtimes/ })).toBeVisible()
  })

  it('says what it is for while there is nothing', async () => {
    await openAt('/activity', { answers: { list_operations: () => ({ operations: [] }) } })
    expect(await screen.findByText('Nothing has been done yet')).toBeVisible()
    await expectAccessible()
  })
})

it('what is told live counts before what was kept', () => {
  const kept = pastOperations(runtime())
  const first = kept[0]
  if (!first) throw new Error('fixtures have no past operation')
  const told = { ...first, outcome: 'newer' }
  expect(together(kept, [told]).find(({ id }) => id === first.id)?.outcome).toBe('newer')
  expect(together(kept, [told])).toHaveLength(kept.length)
})
