import { act, screen, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { Operation } from '../../backend/types'
import { operation, portTaken, problem } from '../../testing/fixtures'
import { expectAccessible, openAt } from '../../testing/render'

const create = (parts: Partial<Operation> = {}) =>
  operation({ id: 'create-1', kind: 'create', name: 'fresh-one', from: null, ...parts })

async function show(first: Operation) {
  const opened = await openAt(`/runtimes/add?operation=${first.id}`, { operations: [first] })
  const section = await screen.findByRole('region', { name: /Progress of/ })
  const tell = (next: Operation) =>
    act(async () => opened.backend.tell({ kind: 'operation', operation: next }))
  return { ...opened, section, tell }
}

describe('the progress of an operation', () => {
  it('ticks steps, and opens the pull into its layers', async () => {
    const { user, section } = await show(create())
    expect(within(section).getAllByRole('img', { name: 'Done' })).toHaveLength(2)
    expect(within(section).getByText('62 %')).toBeVisible()
    expect(within(section).getByText('5 s left')).toBeVisible()
    await user.click(within(section).getByRole('button', { name: '2 of 4 layers there' }))
    expect(within(section).getByText('c3d4e5f6a1b2')).toBeVisible()
    expect(within(section).getByText('32 MB of 64 MB')).toBeVisible()
    await expectAccessible()
  })

  it('says no percent before the registry told a size', async () => {
    const { section } = await show(
      create({
        pull: { layers: [], current: 0, total: 0, percent: 0, rate: 0, secondsLeft: null },
      }),
    )
    expect(within(section).queryByText(/%/)).toBeNull()
    expect(within(section).getByText('The registry has not told the size yet')).toBeVisible()
    expect(within(section).getByRole('progressbar', { name: 'Download' })).not.toHaveAttribute(
      'aria-valuenow',
    )
  })

  it('cancels without asking, and says so before the application answers', async () => {
    const { user, backend, section } = await show(create())
    backend.world.answers.cancel_operation = () => new Promise(() => undefined)
    await user.click(within(section).getByRole('button', { name: 'Cancel' }))
    expect(within(section).getByText(/^Cancelling/)).toBeVisible()
    expect(within(section).queryByRole('button', { name: 'Cancel' })).toBeNull()
    expect(backend.requests('cancel_operation')).toEqual([{ operation: 'create-1' }])
  })

  it('reads Go back once the old container was stopped', async () => {
    const { section, user, backend } = await show(create({ kind: 'update', cancel: 'goBack' }))
    expect(within(section).queryByRole('button', { name: 'Cancel' })).toBeNull()
    await user.click(within(section).getByRole('button', { name: 'Go back' }))
    expect(within(section).getByText(/^Going back/)).toBeVisible()
    expect(backend.requests('cancel_operation')).toHaveLength(1)
  })

  it('offers neither when it is too late', async () => {
    const { section } = await show(create({ cancel: 'no' }))
    expect(within(section).queryByRole('button', { name: /Cancel|Go back/ })).toBeNull()
  })

  it('offers Cancel again when the application could not take it', async () => {
    const { user, backend, section } = await show(create())
    backend.world.answers.cancel_operation = () => {
      throw problem({ sentence: 'The operation is not known.' })
    }
    await user.click(within(section).getByRole('button', { name: 'Cancel' }))
    expect(await within(section).findByText('The operation is not known.')).toBeVisible()
    expect(within(section).getByRole('button', { name: 'Cancel' })).toBeVisible()
  })

  it('ends with the outcome, the finding and what can be done, and no step under way', async () => {
    const { section, tell, user } = await show(create())
    await tell(
      create({
        state: 'failed',
        cancel: 'no',
        finished: new Date().toISOString(),
        problem: problem({ code: 'portTaken', finding: portTaken }),
        outcome: 'Nothing was left behind.',
        keptLog: 'bind: address already in use',
      }),
    )
    expect(within(section).getByText('fresh-one was not created')).toBeVisible()
    expect(within(section).getByText('Nothing was left behind.')).toBeVisible()
    expect(within(section).getByText(/Port 8080 is taken by "nginx"/)).toBeVisible()
    expect(within(section).queryByRole('img', { name: 'Under way' })).toBeNull()
    expect(within(section).getByRole('img', { name: 'Stopped' })).toBeInTheDocument()
    expect(within(section).queryByText(/left$/)).toBeNull()
    expect(within(section).queryByText('bind: address already in use')).toBeNull()
    await user.click(within(section).getByRole('button', { name: /Last lines/ }))
    expect(within(section).getByText('bind: address already in use')).toBeVisible()
    expect(within(section).getByRole('button', { name: 'Use port 18082' })).toBeVisible()
    await expectAccessible()
  })

  it('tells the packages that differ and the time without service', async () => {
    const { section, tell, user } = await show(create({ kind: 'update' }))
    await tell(
      create({
        kind: 'update',
        state: 'succeeded',
        finished: new Date().toISOString(),
        withoutService: 1830,
        packages: [
          { name: 'openai', from: '1.23.2', to: '1.25.0' },
          { name: 'pillow', from: null, to: '10.3.0' },
        ],
      }),
    )
    expect(within(section).getByText('1.8 s without service')).toBeVisible()
    await user.click(within(section).getByRole('button', { name: '2 packages differ' }))
    expect(within(section).getByRole('row', { name: 'pillow Added 10.3.0' })).toBeVisible()
  })
})
