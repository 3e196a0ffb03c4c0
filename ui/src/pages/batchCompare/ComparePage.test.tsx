import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { byScale, isShare } from '../../components/chart/scale'
import * as batches from '../../testing/batchFixtures'
import { problem } from '../../testing/fixtures'
import { expectAccessible, openAt } from '../../testing/render'
import { figureRows, namesOf } from './figures'

const PATH = '/flows/batches/compare?run=batch-completed&run=batch-failed'

const figures = async () =>
  within(await screen.findByRole('table', { name: 'Figures of the batch runs' }))

describe('batch runs side by side', () => {
  it('have their figures with the difference to the first', async () => {
    await openAt(PATH)
    const table = await figures()
    expect(table.getByRole('row', { name: /^Completed/ })).toHaveTextContent('Completed98040 −940')
    expect(table.getByRole('row', { name: /^Mean/ })).toHaveTextContent('1.4 s1.6 s +200 ms')
    expect(table.getByRole('row', { name: /^accuracy/ })).toHaveTextContent('0.8125–')
    await screen.findByRole('grid', { name: 'Rows side by side' })
    await expectAccessible()
  })

  it('have charts, which are tables, too', async () => {
    const { user } = await openAt(PATH)
    const metrics = within(await screen.findByRole('region', { name: 'Metrics' }))
    await user.click(metrics.getAllByRole('button', { name: 'Show as a table' })[0] as HTMLElement)
    const table = within(metrics.getByRole('table', { name: 'accuracy, groundedness' }))
    expect(table.getByRole('columnheader', { name: 'answers 1' })).toBeVisible()
    expect(table.getByRole('row', { name: /^accuracy/ })).toHaveTextContent('0.8125–')
  })

  it('have their rows beside each other, all or those that differ', async () => {
    const { user, backend, address } = await openAt(PATH)
    const grid = within(await screen.findByRole('grid', { name: 'Rows side by side' }))
    expect(grid.getByRole('columnheader', { name: 'answers 1' })).toBeVisible()
    expect(screen.getByText('1,000 rows')).toBeVisible()
    await user.click(screen.getByRole('switch', { name: 'Only rows that differ' }))
    expect(address()).toContain('differing=yes')
    expect(await screen.findByText('334 rows')).toBeVisible()
    expect(backend.requests('compare_batches').at(-1)).toEqual({
      batches: ['batch-completed', 'batch-failed'],
      differing: true,
      offset: 0,
      limit: 100,
    })
  })

  it('show one row whole, by keys', async () => {
    const { user, address } = await openAt(PATH)
    await screen.findByRole('grid', { name: 'Rows side by side' })
    screen.getByLabelText('Show row 3').focus()
    await user.keyboard('{ArrowDown}{Enter}')
    expect(address()).toContain('row=3')
    const panel = within(await screen.findByRole('region', { name: 'Row 4' }))
    const second = within(panel.getByRole('region', { name: 'answers 1' }))
    expect(await second.findByText(/answer 4\./)).toBeVisible()
    await expectAccessible()
    await user.click(panel.getByRole('button', { name: 'Close' }))
    await waitFor(() => expect(address()).not.toContain('row='))
  })

  it('need at least two', async () => {
    const { user, address } = await openAt('/flows/batches/compare?run=batch-completed')
    expect(await screen.findByText('There is nothing to compare')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Go to batch runs' }))
    expect(address()).toBe('/flows/batches')
  })

  it('tell why they could not be read', async () => {
    await openAt(PATH, {
      answers: {
        compare_batches: () => {
          throw problem({ code: 'storage', sentence: 'They cannot be read.', retry: true })
        },
      },
    })
    expect(await screen.findByText('They cannot be read.')).toBeVisible()
    expect(screen.getByRole('button', { name: 'Try again' })).toBeVisible()
  })
})

describe('figures', () => {
  const all = [
    { batch: batches.batch(), latency: batches.latency() },
    {
      batch: batches.batch({ id: 'b', metrics: [{ name: 'accuracy', value: 0.75 }], tokens: null }),
      latency: null,
    },
  ]

  it('differ with their sign, and say nothing where one is not known', () => {
    const { figures: rows, metrics } = figureRows(all)
    const of = (key: string) => rows.find((row) => row.key === key)?.figures[1]
    expect(of('tokens')).toBeNull()
    expect(of('completed')).toEqual({ shown: '980', difference: '±0' })
    expect(of('mean')).toBeNull()
    expect(metrics.find(({ key }) => key === 'accuracy')?.figures).toEqual([
      { shown: '0.8125', difference: null },
      { shown: '0.75', difference: '−0.0625' },
    ])
  })

  it('of equal names are told apart', () => {
    expect(namesOf(all)).toEqual(['answers 2', 'answers 2 (2)'])
  })

  it('stand on one scale only where both can be read', () => {
    expect(byScale([0.2, 1, 961, 4.2, 7, 0], (value) => value)).toEqual([
      [0.2, 1, 0],
      [961],
      [4.2, 7],
    ])
    expect(isShare([0, 1])).toBe(true)
    expect(isShare([-0.1])).toBe(false)
  })
})
