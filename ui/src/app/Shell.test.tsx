import { act, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { batch, failedBatch, runningBatch } from '../testing/batchFixtures'
import { manyRuntimes, operation, problem } from '../testing/fixtures'
import { failedRun, flowRun, runningRun } from '../testing/flowFixtures'
import { expectAccessible, openAt } from '../testing/render'

describe('the shell', () => {
  it('shows what runs, wherever one is', async () => {
    const { backend, user, address } = await openAt('/runtimes')
    expect(screen.queryByRole('region', { name: 'Running operations' })).toBeNull()
    backend.tell({ kind: 'operation', operation: operation() })
    const strip = await screen.findByRole('region', { name: 'Running operations' })
    expect(strip).toHaveTextContent('Updating rag-prod · downloading · 62 %')
    await user.click(within(strip).getByRole('link', { name: 'View' }))
    expect(address()).toBe(`/runtimes/${operation().runtime}?update=open`)
  })

  it('tells by a toast of an operation that failed elsewhere', async () => {
    const { backend } = await openAt('/runtimes', { operations: [operation()] })
    await screen.findByRole('region', { name: 'Running operations' })
    backend.tell({
      kind: 'operation',
      operation: operation({
        state: 'failed',
        finished: '2026-11-24T14:00:00Z',
        problem: problem({ sentence: 'The new version does not answer.' }),
        outcome: 'rag-prod still runs 20240429.v8.',
      }),
    })
    expect(await screen.findByText('rag-prod was not updated')).toBeVisible()
    expect(
      screen.getByText('The new version does not answer. rag-prod still runs 20240429.v8.'),
    ).toBeVisible()
    expect(screen.queryByRole('region', { name: 'Running operations' })).toBeNull()
  })

  it('leaves the telling to a page that shows the operation', async () => {
    const { runtime, name } = operation()
    const { backend } = await openAt(`/runtimes/${runtime}`, { operations: [operation()] })
    // The page is loaded when it is opened; before that nothing shows the operation.
    expect(await screen.findByRole('heading', { level: 1, name })).toBeVisible()
    backend.tell({
      kind: 'operation',
      operation: operation({ state: 'succeeded', outcome: 'It runs 20240429.v10.' }),
    })
    expect(await screen.findByText('It runs 20240429.v10.')).toBeVisible()
    expect(screen.queryByText(`${name} was updated`)).toBeNull()
  })

  it('tells by a toast of a run that ended elsewhere, which leads to it', async () => {
    const { backend, user, address } = await openAt('/runtimes')
    const run = runningRun()
    const page = `/flows/${encodeURIComponent(run.flow)}?run=${run.id}`
    backend.tell({ kind: 'flowRun', run })
    backend.tell({ kind: 'flowRun', run: flowRun({ id: run.id }) })
    // It is told once more when its result is kept.
    backend.tell({ kind: 'flowRun', run: flowRun({ id: run.id }) })
    expect(await screen.findAllByText('The run of answers completed')).toHaveLength(1)
    await user.click(screen.getByRole('button', { name: 'View' }))
    await waitFor(() => expect(address()).toBe(page))
  })

  it('says why a run that ended elsewhere failed, and is silent of one that was cancelled', async () => {
    const { backend } = await openAt('/runtimes')
    backend.tell({ kind: 'flowRun', run: runningRun({ id: 'a' }) })
    backend.tell({ kind: 'flowRun', run: runningRun({ id: 'b' }) })
    backend.tell({ kind: 'flowRun', run: flowRun({ id: 'b', state: 'cancelled' }) })
    backend.tell({
      kind: 'flowRun',
      run: failedRun({ id: 'a', node: 'search', problem: problem({ sentence: 'No index.' }) }),
    })
    expect(await screen.findByText('The run of search in answers failed')).toBeVisible()
    expect(screen.getByText('No index.')).toBeVisible()
    expect(screen.queryByText('The run of answers completed')).toBeNull()
    expect(screen.getAllByRole('button', { name: 'View' })).toHaveLength(1)
  })

  it('leaves the telling of a run to the page of its flow', async () => {
    const run = runningRun()
    const { backend } = await openAt(`/flows/${encodeURIComponent(run.flow)}`, { flowRuns: [run] })
    await screen.findByRole('heading', { level: 1, name: 'answers' })
    backend.tell({ kind: 'flowRun', run })
    const ended = flowRun({ id: run.id })
    backend.world.flowRuns = [ended]
    backend.tell({ kind: 'flowRun', run: ended })
    expect(await screen.findByText('2052 tokens (1840 in, 212 out)')).toBeVisible()
    expect(screen.queryByText('The run of answers completed')).toBeNull()
  })

  it('asks before it closes over runs of flows', async () => {
    const { backend, user } = await openAt('/runtimes')
    backend.tell({ kind: 'closing', operations: [], runs: [runningRun()], batches: [] })
    const dialog = await screen.findByRole('alertdialog', {
      name: 'Runs of flows are still under way',
    })
    expect(dialog).toHaveTextContent('Running answers on my-runtime')
    await user.click(within(dialog).getByRole('button', { name: 'Cancel runs' }))
    expect(backend.requests('finish_closing')).toEqual([{ decision: 'cancelOperations' }])
  })

  it('asks before it closes over running operations', async () => {
    const { backend, user } = await openAt('/runtimes')
    backend.tell({
      kind: 'closing',
      operations: [operation()],
      runs: [runningRun({ node: 'search' })],
      batches: [],
    })
    const dialog = await screen.findByRole('alertdialog', {
      name: 'Operations are still running',
    })
    expect(dialog).toHaveTextContent('Updating rag-prod')
    expect(dialog).toHaveTextContent('Running search of answers on my-runtime')
    await expectAccessible()
    await user.click(within(dialog).getByRole('button', { name: 'Keep running in the background' }))
    expect(backend.requests('finish_closing')).toEqual([{ decision: 'keepRunning' }])
    await waitFor(() => expect(screen.queryByRole('alertdialog')).toBeNull())
  })

  it('asks before it closes over batch runs, and says that they are paused', async () => {
    const { backend, user } = await openAt('/runtimes')
    backend.tell({ kind: 'closing', operations: [], runs: [], batches: [runningBatch()] })
    const dialog = await screen.findByRole('alertdialog', {
      name: 'Batch runs are still under way',
    })
    expect(dialog).toHaveTextContent('Batch run answers 3 of answers, 420 of 1,000 rows')
    expect(dialog).toHaveTextContent('can be resumed at any time')
    await user.click(within(dialog).getByRole('button', { name: 'Pause batch runs' }))
    expect(backend.requests('finish_closing')).toEqual([{ decision: 'cancelOperations' }])
  })

  it('says that batch runs are only paused where others are cancelled', async () => {
    const { backend } = await openAt('/runtimes')
    backend.tell({
      kind: 'closing',
      operations: [operation()],
      runs: [],
      batches: [runningBatch({ rows: null })],
    })
    const dialog = await screen.findByRole('alertdialog', { name: 'Operations are still running' })
    expect(dialog).toHaveTextContent('Batch run answers 3 of answers')
    expect(dialog).toHaveTextContent('Batch runs are not cancelled but paused')
  })

  it('tells by a toast of a batch run that ended elsewhere, which leads to it', async () => {
    const { backend, user, address } = await openAt('/runtimes')
    act(() => backend.tell({ kind: 'batch', batch: runningBatch() }))
    act(() => backend.tell({ kind: 'batch', batch: batch({ id: 'batch-running' }) }))
    expect(await screen.findByText('The batch run answers 2 completed')).toBeVisible()
    expect(screen.getByText('980 rows completed, 20 failed.')).toBeVisible()
    await user.click(screen.getByText('View', { selector: '[role=alert] *, .fui-Toast *' }))
    expect(address()).toBe('/flows/batches/batch-running')
  })

  it('says why a batch run stopped elsewhere, and is silent of one that was paused', async () => {
    const { backend } = await openAt('/runtimes')
    const ended = failedBatch({ id: 'batch-running' })
    act(() => backend.tell({ kind: 'batch', batch: runningBatch() }))
    act(() => backend.tell({ kind: 'batch', batch: runningBatch({ state: 'paused' }) }))
    act(() => backend.tell({ kind: 'batch', batch: runningBatch() }))
    act(() => backend.tell({ kind: 'batch', batch: ended }))
    expect(await screen.findByText('The batch run answers 1 stopped')).toBeVisible()
    expect(screen.getByText('10 rows failed, so it stopped.')).toBeVisible()
    expect(screen.queryByText(/answers 3/)).toBeNull()
  })

  it('stays when the question is dismissed', async () => {
    const { backend, user } = await openAt('/runtimes')
    backend.tell({ kind: 'closing', operations: [operation()], runs: [], batches: [] })
    await user.click(await screen.findByRole('button', { name: 'Stay' }))
    expect(backend.requests('finish_closing')).toEqual([{ decision: 'stay' }])
  })

  it('shows the few shortcuts, and they work', async () => {
    const { user } = await openAt(`/runtimes/${manyRuntimes()[0]?.id}`)
    await user.keyboard('?')
    expect(await screen.findByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
    await user.keyboard('{Escape}')
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    await user.keyboard('{Alt>}1{/Alt}')
    const search = await screen.findByRole('searchbox', { name: 'Search runtimes' })
    await user.keyboard('{Control>}f{/Control}')
    expect(search).toHaveFocus()
  })

  it('keeps the focus when the element that has it goes', async () => {
    const { backend, user } = await openAt('/runtimes')
    const link = screen.getByRole('link', { name: 'Connections' })
    link.focus()
    await user.keyboard('?')
    const close = await screen.findByRole('button', { name: 'Close' })
    close.focus()
    await user.keyboard('{Enter}')
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    await waitFor(() => expect(link).toHaveFocus())
    // An element of the page that an event takes away.
    const name = manyRuntimes()[0]
    if (!name) throw new Error('a runtime is needed')
    const row = await screen.findByRole('link', { name: name.name })
    row.focus()
    await act(async () => backend.tell({ kind: 'runtimes', changed: [], removed: [name.id] }))
    await waitFor(() => expect(link).toHaveFocus())
  })

  it('says that it did not start, and starts when asked again', async () => {
    const { backend, user } = await openAt('/runtimes', {
      answers: {
        settings: () => {
          throw problem({ code: 'storage', sentence: 'The settings cannot be read.' })
        },
      },
    })
    expect(await screen.findByText('The settings cannot be read.')).toBeVisible()
    backend.world.answers = {}
    await user.click(screen.getByRole('button', { name: 'Try again' }))
    expect(await screen.findByRole('grid', { name: 'Runtimes' })).toBeVisible()
  })

  it('says so at an address that leads nowhere', async () => {
    await openAt('/nowhere')
    expect(screen.getByRole('heading', { level: 1 })).toHaveTextContent('This page does not exist')
  })
})
