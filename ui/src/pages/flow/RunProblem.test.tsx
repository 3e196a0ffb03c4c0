import { act, screen, waitFor, within } from '@testing-library/react'
import { afterEach, describe, expect, it } from 'vitest'
import type { Remedy } from '../../backend/types'
import { manyRuntimes, operation } from '../../testing/fixtures'
import * as flows from '../../testing/flowFixtures'
import { openFlow, readyFlow } from '../../testing/openFlow'
import { expectAccessible } from '../../testing/render'
import { drafts } from './draft'

afterEach(() => drafts.clear())

const [first] = manyRuntimes()

/** The page of a flow whose last run failed so. */
async function failedWith(problem: ReturnType<typeof flows.runProblem>, world = {}) {
  const run = flows.failedRun({
    id: 'run-failed',
    runtime: first?.id ?? '',
    problem,
    failure: null,
  })
  const opened = await openFlow({ flows: [readyFlow()], flowRuns: [run], ...world })
  const bar = within(await screen.findByRole('group', { name: 'The run failed' }))
  return { ...opened, bar, run }
}

const withRemedies = (...remedies: Remedy[]) =>
  flows.runProblem({ sentence: 'It went wrong.', remedies })

describe('why a run failed', () => {
  it('leads from a missing module to the run that is done again', async () => {
    const { user, backend, bar, address, run } = await failedWith(flows.missingModule())
    expect(bar.getByText(/no module "bs4"/)).toBeVisible()
    await expectAccessible()
    await user.click(bar.getByRole('button', { name: 'Add the package beautifulsoup4' }))
    const dialog = within(await screen.findByRole('dialog', { name: 'Add packages' }))
    const field = await dialog.findByRole('textbox', { name: 'Packages' })
    expect(field).toHaveValue('beautifulsoup4')
    expect(dialog.getByText(/the flow runs again with the same inputs/)).toBeVisible()
    await expectAccessible()
    await user.clear(field)
    await user.type(field, 'beautifulsoup4==4.12')
    await user.click(dialog.getByRole('button', { name: 'Add, update and run again' }))
    expect(backend.requests('add_packages')).toEqual([
      {
        runtime: first?.id,
        requirements: ['beautifulsoup4==4.12'],
        to: { kind: 'own' },
        confirmed: false,
        cancelRuns: false,
        again: run.id,
      },
    ])
    const steps = (
      ['check', 'build', 'prove', 'keep', 'prove', 'switchOver', 'runAgain'] as const
    ).map((kind) => ({ kind, state: 'done' as const, note: null, started: null, finished: null }))
    const begun = operation({
      id: 'operation-started',
      kind: 'addPackages',
      runtime: first?.id ?? '',
      state: 'running',
      steps: steps.map((step) => ({ ...step, state: 'pending' as const })),
    })
    act(() => backend.tell({ kind: 'operation', operation: begun }))
    expect(await dialog.findByText('Prove the image')).toBeVisible()
    expect(dialog.getByText('Prove the new container beside the running one')).toBeVisible()
    const again = flows.flowRun({ id: 'run-again', flow: flows.ANSWERS })
    backend.world.flowRuns = [again, ...backend.world.flowRuns]
    act(() =>
      backend.tell({
        kind: 'operation',
        operation: {
          ...begun,
          state: 'succeeded',
          cancel: 'no',
          finished: new Date().toISOString(),
          steps,
          run: 'run-again',
        },
      }),
    )
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect(address()).toContain('run=run-again')
    await waitFor(() => expect(screen.queryByRole('group', { name: 'The run failed' })).toBeNull())
  })

  it('keeps the dialog with the reason when a package is not found, and lets it be corrected', async () => {
    const { user, backend, bar } = await failedWith(flows.missingModule())
    await user.click(bar.getByRole('button', { name: 'Add the package beautifulsoup4' }))
    const dialog = within(await screen.findByRole('dialog', { name: 'Add packages' }))
    await user.click(await dialog.findByRole('radio', { name: /Into a new environment/ }))
    const name = dialog.getByRole('textbox', { name: 'Name of the new environment' })
    await user.clear(name)
    await user.type(name, 'mine')
    await user.click(dialog.getByRole('button', { name: 'Add, update and run again' }))
    expect(backend.requests('add_packages')).toMatchObject([{ to: { kind: 'new', name: 'mine' } }])
    const failed = operation({
      id: 'operation-started',
      kind: 'addPackages',
      runtime: first?.id ?? '',
      state: 'failed',
      finished: new Date().toISOString(),
      outcome: 'my-runtime is on 20240429.v8 as before. The environment mine was not kept.',
      problem: flows.runProblem({ cause: 'packageNotFound', sentence: 'A package was not found.' }),
    })
    act(() => backend.tell({ kind: 'operation', operation: failed }))
    expect(await dialog.findByText(/was not kept/)).toBeVisible()
    await user.click(dialog.getByRole('button', { name: 'Change packages' }))
    const field = await dialog.findByRole('textbox', { name: 'Packages' })
    await user.clear(field)
    await user.type(field, 'bs4')
    expect(dialog.getByRole('textbox', { name: 'Name of the new environment' })).toHaveValue('mine')
    await user.click(dialog.getByRole('button', { name: 'Add, update and run again' }))
    expect(backend.requests('add_packages')).toHaveLength(2)
    expect(backend.requests('add_packages')[1]).toMatchObject({ requirements: ['bs4'] })
  })

  it('offers to install only for now', async () => {
    const { user, bar } = await failedWith(flows.missingModule())
    await user.click(bar.getByRole('button', { name: 'Add the package beautifulsoup4' }))
    const dialog = within(await screen.findByRole('dialog', { name: 'Add packages' }))
    await user.click(await dialog.findByRole('button', { name: 'Install only now' }))
    expect(dialog.getByText(/lasts only until the container is recreated/)).toBeVisible()
  })

  it('installs into the running container where there is nothing better', async () => {
    const preview_add_packages = () => ({
      ways: [],
      notes: ['my-runtime was made by somebody else.'],
      confirmations: [],
      activeRuns: { kind: 'known' as const, count: 0 },
      running: true,
    })
    const { user, backend, bar } = await failedWith(flows.missingModule(), {
      answers: { preview_add_packages },
    })
    await user.click(bar.getByRole('button', { name: 'Add the package beautifulsoup4' }))
    const only = within(await screen.findByRole('dialog', { name: 'Add packages' }))
    expect(await only.findByText('my-runtime was made by somebody else.')).toBeVisible()
    await user.click(only.getByRole('button', { name: 'Install' }))
    expect(backend.requests('install_packages')).toMatchObject([
      { requirements: ['beautifulsoup4'] },
    ])
  })

  it('runs again, with more time where that was the cause', async () => {
    const { user, backend, bar, address } = await failedWith(
      withRemedies({ kind: 'raiseTimeLimit', seconds: 60 }, { kind: 'runAgain' }),
    )
    await user.click(bar.getByRole('button', { name: 'Run again with more time' }))
    expect(backend.requests('run_flow_again')).toEqual([{ run: 'run-failed', limit: 120 }])
    await waitFor(() => expect(address()).toContain('run=run-again'))
  })

  it('tests a connection in place, adds one, and shows the line', async () => {
    const { user, backend, bar, address } = await failedWith(
      withRemedies(
        { kind: 'testConnection', name: 'my_aoai' },
        { kind: 'showPlace', file: 'grade.py', line: 7, node: 'grade' },
        { kind: 'addConnection', name: 'my_search' },
      ),
    )
    await user.click(bar.getByRole('button', { name: 'Test the connection my_aoai' }))
    expect(backend.requests('test_connection')).toEqual([
      { original: 'my_aoai', draft: null, secrets: {}, file: null },
    ])
    expect(
      await screen.findByRole('region', { name: 'Test of the connection my_aoai' }),
    ).toBeVisible()
    await user.click(bar.getByRole('button', { name: 'Show line 7 of grade.py' }))
    expect(address()).toContain('node=grade&file=grade.py&line=7')
    await user.click(bar.getByRole('button', { name: 'Add the connection my_search' }))
    await waitFor(() => expect(address()).toContain('/connections?add=my_search'))
  })

  it('leads to the memory of the runtime and to its disk', async () => {
    const { user, bar, address } = await failedWith(
      withRemedies({ kind: 'freeDisk' }, { kind: 'raiseMemory', bytes: null }),
    )
    expect(bar.getByRole('button', { name: 'See what takes the disk' })).toBeVisible()
    await user.click(bar.getByRole('button', { name: 'Raise the memory limit' }))
    await waitFor(() => expect(address()).toContain('edit=memoryLimit'))
  })
})
