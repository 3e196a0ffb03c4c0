import { act, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import * as batches from '../../testing/batchFixtures'
import { problem } from '../../testing/fixtures'
import * as flows from '../../testing/flowFixtures'
import { expectAccessible, openAt } from '../../testing/render'
import { tagsOf } from './EditDialog'

const openBatch = (id: string, world: Parameters<typeof openAt>[1] = {}, query = '') =>
  openAt(`/flows/batches/${id}${query}`, world)

/** With few rows, where it matters that everything is looked at. */
const small = () => ({ batches: [batches.batch({ rows: 12, completed: 11, failed: 1 })] })

const grid = async () => within(await screen.findByRole('grid', { name: 'Results' }))
const rowOf = async (row: string) =>
  (await screen.findByLabelText(`Show row ${row}`)).closest('[role=row]') as HTMLElement

const choose = async (user: Awaited<ReturnType<typeof openAt>>['user'], item: string) => {
  await user.click(await screen.findByRole('button', { name: 'More actions' }))
  await user.click(await screen.findByRole('menuitem', { name: item }))
}

describe('the page of a batch run', () => {
  it('tells how it ended, what it measured and how long rows took', async () => {
    await openBatch('batch-completed')
    expect(await screen.findByRole('heading', { name: 'answers 2' })).toBeVisible()
    const bar = screen.getByRole('progressbar', { name: 'Progress of answers 2' })
    expect(bar).toHaveAttribute('aria-valuetext', '1,000 of 1,000 rows have ended, 20 failed')
    expect(screen.getByText('2,052,000 (1,840,000 in, 212,000 out)')).toBeVisible()
    expect(screen.getByRole('list', { name: 'Tags' })).toHaveTextContent('nightly')
    expect(screen.getByText('With the shorter prompt.')).toBeVisible()
    const metrics = within(await screen.findByRole('region', { name: 'Metrics' }))
    expect(metrics.getByText('0.8125')).toBeVisible()
    const latency = within(await screen.findByRole('region', { name: 'Latency' }))
    expect(latency.getByText('90 % within')).toBeVisible()
    await grid()
    await expectAccessible()
  })

  it('has the numbers of its charts as tables', async () => {
    const { user } = await openBatch('batch-completed', small())
    const metrics = within(await screen.findByRole('region', { name: 'Metrics' }))
    await user.click(metrics.getByRole('button', { name: 'Show as a table' }))
    const table = within(metrics.getByRole('table', { name: 'accuracy, groundedness' }))
    expect(table.getByRole('row', { name: 'accuracy 0.8125' })).toBeVisible()
    await expectAccessible()
  })

  it('follows one that goes on, and its rows as they end', async () => {
    const running = batches.runningBatch()
    const { backend } = await openBatch(running.id)
    expect(await screen.findByText('70.4 rows a minute')).toBeVisible()
    expect(screen.getByText('8 min 10 s')).toBeVisible()
    const lanes = within(screen.getByRole('table', { name: 'Runtimes of this batch run' }))
    expect(lanes.getByRole('row', { name: /rag-prod/ })).toHaveTextContent(
      'It has not answered for 40 s.',
    )
    await grid()
    const asked = backend.requests('batch_rows').length
    const next = { ...running, completed: 406 }
    backend.world.batches = [next]
    act(() => {
      for (let time = 0; time < 5; time += 1) backend.tell({ kind: 'batch', batch: next })
    })
    expect(await screen.findByText('406 completed')).toBeVisible()
    await waitFor(() => expect(backend.requests('batch_rows').length).toBe(asked + 1))
    const ended = { ...next, state: 'completed' as const, completed: 985, running: 0 }
    backend.world.batches = [ended]
    act(() => backend.tell({ kind: 'batch', batch: ended }))
    expect(await screen.findByRole('button', { name: 'Rerun failed' })).toBeVisible()
    expect(screen.queryByRole('button', { name: 'Pause' })).toBeNull()
    await waitFor(() => expect(screen.getByText('1,000 rows')).toBeVisible())
    // The page itself tells that it ended.
    expect(screen.queryByText(/The batch run answers 3 completed/)).toBeNull()
  })

  it('is paused, resumed, cancelled, and runs its failed rows again', async () => {
    const { user, backend } = await openBatch('batch-running')
    const tell = () => {
      const [batch] = backend.world.batches
      if (batch) act(() => backend.tell({ kind: 'batch', batch }))
    }
    await user.click(await screen.findByRole('button', { name: 'Pause' }))
    expect(backend.requests('pause_batch')).toEqual([{ batch: 'batch-running' }])
    backend.world.batches = [batches.pausedBatch({ id: 'batch-running' })]
    tell()
    await user.click(await screen.findByRole('button', { name: 'Resume' }))
    expect(backend.requests('resume_batch')).toHaveLength(1)
    tell()
    await user.click(await screen.findByRole('button', { name: 'Cancel' }))
    expect(backend.requests('cancel_batch')).toHaveLength(1)
    backend.world.batches = [batches.batch({ id: 'batch-running' })]
    tell()
    await user.click(await screen.findByRole('button', { name: 'Rerun failed' }))
    expect(backend.requests('rerun_failed_rows')).toHaveLength(1)
  })

  it('says why it stopped, and that it does not go on', async () => {
    const { user } = await openBatch('batch-failed', {
      answers: {
        resume_batch: () => {
          throw problem({ code: 'busy', sentence: 'my-runtime is being updated.' })
        },
      },
    })
    const bar = await screen.findByRole('group', { name: 'Why it stopped' })
    expect(bar).toHaveTextContent('10 rows failed, so it stopped.')
    await user.click(screen.getByRole('button', { name: 'Resume' }))
    expect(await screen.findByText('my-runtime is being updated.')).toBeVisible()
  })

  it('tells what each step did, over all rows and in one', async () => {
    await openBatch('batch-completed', small(), '?row=7')
    const all = within(await screen.findByRole('table', { name: 'Steps over all rows' }))
    const context = all.getByRole('row', { name: /^context/ })
    for (const words of ['1,000', '20', '200 ms']) expect(context).toHaveTextContent(words)
    // One that never ran took no time that says anything.
    expect(all.getByRole('row', { name: /^web_search/ })).toHaveTextContent(/1,000.*–.*–/)
    const row = within(await screen.findByRole('table', { name: 'Steps of this row' }))
    expect(row.getByRole('row', { name: /^context/ })).toHaveTextContent('Failed')
    expect(row.getByRole('row', { name: /^search/ })).toHaveTextContent('400 ms')
    await expectAccessible()
  })

  it('tells why rows failed, together by their cause', async () => {
    const { user, address } = await openBatch('batch-completed')
    const why = within(await screen.findByRole('region', { name: 'Why rows failed' }))
    expect(why.getAllByRole('listitem').map((one) => one.textContent)).toEqual([
      expect.stringMatching(/^19 rows.*context\.py, line 4/),
      expect.stringMatching(/^1 row.*no module "bs4"/),
    ])
    expect(why.getByRole('button', { name: 'Add the package beautifulsoup4' })).toBeVisible()
    await expectAccessible()
    await user.click(why.getByRole('link', { name: 'Show row 58, the first of them' }))
    await waitFor(() => expect(address()).toContain('row=57'))
  })

  it('says when not all rows come from the same files', async () => {
    await openBatch('batch-completed', {
      batches: [batches.batch({ rows: 12, completed: 11, failed: 1, mixed: true })],
    })
    const bar = await screen.findByRole('group', { name: 'Rows of different files or versions' })
    expect(bar).toHaveTextContent(/not all results come from the same/)
    await expectAccessible()
  })

  it('that is queued says what it waits for', async () => {
    await openBatch('b', {
      batches: [batches.runningBatch({ id: 'b', state: 'queued', completed: 0, failed: 0 })],
    })
    expect(await screen.findByText('It begins after “answers 3”.')).toBeVisible()
    expect(await screen.findByText('No row has ended yet')).toBeVisible()
    await expectAccessible()
  })

  it('that is gone says so, and leads to the others', async () => {
    const { user, address } = await openBatch('gone')
    expect(await screen.findByText('This batch run is not kept any more.')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Go to batch runs' }))
    expect(address()).toBe('/flows/batches')
  })

  it('tells why it could not be read, and asks again', async () => {
    const { user, backend } = await openBatch('batch-completed', {
      answers: {
        batch: () => {
          throw problem({ code: 'storage', sentence: 'It cannot be read.', retry: true })
        },
      },
    })
    expect(await screen.findByText('It cannot be read.')).toBeVisible()
    delete backend.world.answers.batch
    await user.click(screen.getByRole('button', { name: 'Try again' }))
    expect(await screen.findByRole('heading', { name: 'answers 2' })).toBeVisible()
  })
})

describe('the rows of a batch run', () => {
  it('have inputs and outputs, or why they failed', async () => {
    await openBatch('batch-completed')
    const good = await rowOf('1')
    expect(good).toHaveTextContent('How do I roll back a runtime? (1)')
    expect(good).toHaveTextContent('Open its page and press “Roll back”: answer 1.')
    expect(await rowOf('8')).toHaveTextContent('The step context went wrong: division by zero (8).')
    expect((await grid()).getByRole('columnheader', { name: 'outputs.answer' })).toBeVisible()
  })

  it('are filtered, sorted and searched by the application', async () => {
    const { user, backend, address } = await openBatch('batch-completed')
    await grid()
    await user.click(screen.getByRole('button', { name: 'Failed 20' }))
    expect(address()).toContain('show=failed')
    expect(await rowOf('58')).toHaveTextContent('Failed')
    expect(await screen.findByText('20 rows')).toBeVisible()
    await user.click((await grid()).getByRole('button', { name: 'Tokens' }))
    await user.click((await grid()).getByRole('button', { name: 'Tokens' }))
    await waitFor(() =>
      expect(backend.requests('batch_rows').at(-1)?.query).toMatchObject({
        state: 'failed',
        sort: 'tokens',
        descending: true,
      }),
    )
    expect((await grid()).getByRole('columnheader', { name: 'Tokens' })).toHaveAttribute(
      'aria-sort',
      'descending',
    )
    await user.type(screen.getByRole('searchbox', { name: 'Search rows' }), 'nothing like it')
    expect(await screen.findByText('No row matches')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Show all rows' }))
    expect(await rowOf('1,000')).toBeVisible()
    expect(address()).not.toContain('show=')
  })

  it('are shown whole, one after the other, by keys', async () => {
    const { user, address } = await openBatch('batch-completed', small())
    const link = await screen.findByLabelText('Show row 7')
    link.focus()
    await user.keyboard('{ArrowDown}{Enter}')
    expect(address()).toContain('row=7')
    const panel = within(await screen.findByRole('region', { name: 'Row 8' }))
    expect(await panel.findByText(/division by zero \(8\)/)).toBeVisible()
    await waitFor(() => expect(screen.getByRole('heading', { name: 'Row 8' })).toHaveFocus())
    await expectAccessible()
    await user.click(panel.getByRole('button', { name: 'Next row' }))
    const next = within(await screen.findByRole('region', { name: 'Row 9' }))
    expect(await next.findByText(/1,620 tokens/)).toBeVisible()
    expect(next.getByRole('tree', { name: 'sources' })).toBeVisible()
    await user.click(next.getByRole('button', { name: 'Close' }))
    await waitFor(() => expect(screen.queryByRole('region', { name: 'Row 9' })).toBeNull())
  })

  it('are gone through in the order of the table', async () => {
    const { user, address } = await openBatch('batch-completed', {}, '?show=failed&row=57')
    const panel = within(await screen.findByRole('region', { name: 'Row 58' }))
    await screen.findByLabelText('Show row 108')
    await user.click(panel.getByRole('button', { name: 'Next row' }))
    expect(address()).toContain('row=107')
    const last = within(await screen.findByRole('region', { name: 'Row 108' }))
    await user.click(last.getByRole('button', { name: 'Previous row' }))
    expect(address()).toContain('row=57')
  })

  it('tell why they could not be read', async () => {
    await openBatch('batch-completed', {
      answers: {
        batch_rows: () => {
          throw problem({ code: 'storage', sentence: 'Its rows cannot be read.', retry: true })
        },
      },
    })
    expect(await screen.findByText('Its rows cannot be read.')).toBeVisible()
  })
})

describe('what can be done with a batch run', () => {
  it('is an export in three forms', async () => {
    const { user, backend } = await openBatch('batch-completed')
    await user.click(await screen.findByRole('button', { name: 'Export' }))
    await user.click(await screen.findByRole('menuitem', { name: 'CSV' }))
    expect(await screen.findByText('/home/anna/Downloads/answers 2.csv')).toBeVisible()
    expect(backend.requests('export_batch')).toEqual([{ batch: 'batch-completed', form: 'csv' }])
  })

  it('is another name, tags and a note', async () => {
    const { user, backend } = await openBatch('batch-completed', small())
    await choose(user, 'Edit')
    const dialog = within(await screen.findByRole('dialog', { name: 'Edit batch run' }))
    const name = dialog.getByRole('textbox', { name: 'Name' })
    await user.clear(name)
    await user.click(dialog.getByRole('button', { name: 'Save' }))
    expect(name).toHaveAccessibleDescription(/A name is needed/)
    await user.type(name, 'baseline')
    await user.type(dialog.getByRole('textbox', { name: 'Tags' }), ', best')
    await expectAccessible()
    await user.click(dialog.getByRole('button', { name: 'Save' }))
    expect(await screen.findByRole('heading', { name: 'baseline' })).toBeVisible()
    expect(backend.requests('describe_batch')).toEqual([
      {
        batch: 'batch-completed',
        name: 'baseline',
        tags: ['nightly', 'gpt-4o', 'best'],
        description: 'With the shorter prompt.',
      },
    ])
  })

  it('is an evaluation of what it gave', async () => {
    const { user, address } = await openBatch('batch-completed')
    await user.click(await screen.findByRole('button', { name: 'Evaluate' }))
    const dialog = within(await screen.findByRole('dialog', { name: 'Evaluate answers 2' }))
    await user.click(dialog.getByRole('button', { name: 'Next' }))
    const flow = dialog.getByRole('combobox', { name: 'Flow' })
    expect(flow).toHaveAccessibleDescription(/Choose a flow/)
    await user.click(flow)
    await user.click(await screen.findByRole('option', { name: 'support-chat' }))
    await user.click(dialog.getByRole('button', { name: 'Next' }))
    expect(address()).toBe(`/flows/${encodeURIComponent(flows.CHAT)}/batch?other=batch-completed`)
  })

  it('is a comparison with others', async () => {
    const { user, address } = await openBatch('batch-completed')
    await choose(user, 'Compare')
    const dialog = within(await screen.findByRole('dialog', { name: 'Compare answers 2' }))
    await user.click(dialog.getByRole('combobox', { name: 'Batch runs' }))
    await user.click(await screen.findByRole('menuitemcheckbox', { name: /answers 1/ }))
    await user.keyboard('{Escape}')
    await user.click(dialog.getByRole('button', { name: 'Compare' }))
    expect(address()).toBe('/flows/batches/compare?run=batch-completed&run=batch-failed')
  })

  it('is to begin one like it', async () => {
    const { user, address } = await openBatch('batch-completed')
    await user.click(await screen.findByRole('button', { name: 'Run again' }))
    expect(address()).toBe(`/flows/${encodeURIComponent(flows.ANSWERS)}/batch?from=batch-completed`)
  })

  it('is to delete it, after the consequence was said', async () => {
    const { user, backend, address } = await openBatch('batch-completed')
    await choose(user, 'Delete')
    const dialog = within(await screen.findByRole('dialog', { name: 'Delete batch run' }))
    expect(dialog.getByText(/3.2 MB become free/)).toBeVisible()
    expect(dialog.getByText(/grade of answers 2 took values from it/)).toBeVisible()
    await user.click(dialog.getByRole('button', { name: 'Delete batch run' }))
    await waitFor(() => expect(address()).toBe('/flows/batches'))
    expect(backend.requests('delete_batch')).toEqual([{ batch: 'batch-completed' }])
  })
})

describe('tags', () => {
  it('are typed with commas, each once', () => {
    expect(tagsOf(' a, b ,, a')).toEqual(['a', 'b'])
  })
})
