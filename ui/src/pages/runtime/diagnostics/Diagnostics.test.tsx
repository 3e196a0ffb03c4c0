import { act, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { Diagnosis } from '../../../backend/types'
import {
  brokenAt,
  check,
  diagnosis,
  mendPreview,
  outOfMemory,
} from '../../../testing/diagnosisFixtures'
import { ago, compute, operation, portTaken, problem, runtime } from '../../../testing/fixtures'
import { expectAccessible, openAt } from '../../../testing/render'
import { verdictOf } from './links'
import { mendingOf } from './mending'

const mine = runtime({ id: 'mine' })
const failed = runtime({
  id: 'mine',
  status: 'Failed',
  started: null,
  finding: outOfMemory,
})
const alone = {
  runtimes: [mine],
  computes: [compute()],
  answers: { check_version: () => ({ check: null }) },
}

/** Opens the tab of a runtime whose diagnosis is this one. */
function openWith(found: Diagnosis, of = mine) {
  return openAt('/runtimes/mine?tab=diagnostics', {
    ...alone,
    runtimes: [of],
    answers: { ...alone.answers, diagnose_runtime: () => found },
  })
}

const list = () => screen.findByRole('list', { name: 'Checks' })

describe('the Diagnostics tab', () => {
  it('looks by itself when nothing was looked at, and says that the chain is whole', async () => {
    const { backend } = await openWith(diagnosis(mine))
    expect(await screen.findByText('Nothing is broken')).toBeVisible()
    expect(screen.getByRole('tab', { name: 'Diagnostics', selected: true })).toBeInTheDocument()
    expect(backend.requests('diagnose_runtime')).toEqual([{ runtime: 'mine' }])
    const rows = within(await list()).getAllByRole('listitem')
    expect(rows).toHaveLength(19)
    expect(rows[0]).toHaveTextContent('Compute')
    expect(rows[0]).toHaveTextContent('Passed')
    expect(rows[0]).toHaveTextContent('Docker Engine 20.10.24 answers.')
    expect(rows[17]).toHaveTextContent('Not needed')
    expect(screen.getByText(/^Looked at/)).toHaveTextContent(/it took 1/)
    await expectAccessible()
  })

  it('shows probe and value of a check on demand', async () => {
    const { user } = await openWith(diagnosis(mine))
    const inside = within(await list())
    expect(inside.queryByText('200 {"status":"Healthy"}')).toBeNull()
    await user.click(inside.getByRole('button', { name: 'What was seen of: Health' }))
    expect(inside.getByText('GET http://127.0.0.1:18080/health')).toBeVisible()
    expect(inside.getByText('200 {"status":"Healthy"}')).toBeVisible()
  })

  it('names the first broken link, its cause once, and what else was found', async () => {
    await openWith(brokenAt(failed, 'running', outOfMemory), failed)
    expect(
      await screen.findByRole('heading', { level: 2, name: 'The first broken link is: Process' }),
    ).toBeVisible()
    const inside = within(await list())
    const first = inside
      .getAllByRole('listitem')
      .filter((row) => row.getAttribute('aria-current') === 'true')
    expect(first).toHaveLength(1)
    expect(first[0]).toHaveTextContent('First broken link')
    expect(first[0]).toHaveTextContent('Broken')
    // Of this one the evidence is open.
    expect(first[0]).toHaveTextContent('exited (137), killed for memory')
    expect(inside.getAllByText('Not reached').length).toBeGreaterThan(5)
    expect(screen.getAllByRole('group', { name: outOfMemory.sentence })).toHaveLength(1)
    const others = screen.getByRole('region', { name: 'Also found' })
    expect(within(others).getByText('Only 2 GB are free where images are stored.')).toBeVisible()
    expect(screen.queryByText('Nothing is broken')).toBeNull()
    await expectAccessible()
  })

  it('never calls something whole that could not be seen', async () => {
    const unseen = diagnosis(mine)
    unseen.checks[8] = check('reachable', { state: 'unknown', sentence: 'Nothing told.' })
    await openWith(unseen)
    expect(
      await screen.findByText('Nothing broken was seen, but not everything could be looked at.'),
    ).toBeVisible()
    expect(screen.queryByText('Nothing is broken')).toBeNull()
    expect(within(await list()).getByText('Could not be seen')).toBeVisible()
    expect(verdictOf(diagnosis(mine, { checks: [] }))).toBe('notAllSeen')
  })

  it('tells checks as they come in', async () => {
    const { backend } = await openAt('/runtimes/mine?tab=diagnostics', {
      ...alone,
      answers: { ...alone.answers, diagnose_runtime: () => new Promise(() => undefined) },
    })
    expect(await screen.findByText('Looking at the runtime')).toBeVisible()
    expect(screen.getByRole('button', { name: 'Check again' })).toHaveAttribute(
      'aria-disabled',
      'true',
    )
    const coming = diagnosis(mine, { running: true, checks: [check('compute'), check('image')] })
    act(() => backend.tell({ kind: 'diagnosis', diagnosis: coming }))
    expect(await screen.findByText('Looking at the runtime: 2 checks are there')).toBeVisible()
    const inside = within(await list())
    expect(inside.getAllByText('Passed')).toHaveLength(2)
    expect(inside.getAllByText('Being looked at')).toHaveLength(1)
    expect(inside.getAllByText('Not yet')).toHaveLength(16)
    expect(screen.queryByText('Nothing is broken')).toBeNull()
    await expectAccessible()
    act(() => backend.tell({ kind: 'diagnosis', diagnosis: diagnosis(mine) }))
    expect(await screen.findByText('Nothing is broken')).toBeVisible()
  })

  it('shows a new diagnosis as it is, and looks again when asked', async () => {
    const answers = {
      ...alone.answers,
      diagnosis: () => ({ diagnosis: diagnosis(mine) }),
    }
    const { backend, user } = await openAt('/runtimes/mine?tab=diagnostics', {
      ...alone,
      answers,
    })
    expect(await screen.findByText('Nothing is broken')).toBeVisible()
    expect(backend.requests('diagnose_runtime')).toEqual([])
    await user.click(screen.getByRole('button', { name: 'Check again' }))
    expect(backend.requests('diagnose_runtime')).toHaveLength(1)
  })

  it('looks again by itself at what was looked at long ago', async () => {
    const { backend } = await openAt('/runtimes/mine?tab=diagnostics', {
      ...alone,
      answers: {
        ...alone.answers,
        diagnosis: () => ({ diagnosis: diagnosis(mine, { began: ago(3_600_000) }) }),
      },
    })
    await waitFor(() => expect(backend.requests('diagnose_runtime')).toHaveLength(1))
  })

  it('looks again when an operation on the runtime has ended', async () => {
    const { backend } = await openWith(diagnosis(mine))
    await waitFor(() => expect(backend.requests('diagnose_runtime')).toHaveLength(1))
    const tell = (operation: string | null) =>
      act(() => backend.tell({ kind: 'runtimes', changed: [{ ...mine, operation }], removed: [] }))
    tell('operation-1')
    expect(backend.requests('diagnose_runtime')).toHaveLength(1)
    tell(null)
    await waitFor(() => expect(backend.requests('diagnose_runtime')).toHaveLength(2))
  })

  it('says why it could not look, and looks again', async () => {
    const { backend, user } = await openAt('/runtimes/mine?tab=diagnostics', {
      ...alone,
      answers: {
        ...alone.answers,
        diagnose_runtime: () => {
          throw problem({ code: 'internal', sentence: 'It could not be looked at.', retry: true })
        },
      },
    })
    expect(await screen.findByText('It could not be looked at.')).toBeVisible()
    await expectAccessible()
    backend.world.answers = alone.answers
    await user.click(screen.getByRole('button', { name: 'Try again' }))
    expect(await screen.findByText('Nothing is broken')).toBeVisible()
    expect(screen.queryByText('It could not be looked at.')).toBeNull()
  })

  it('shows a compute that is gone as the broken link', async () => {
    const gone = {
      cause: 'engineGone' as const,
      sentence: 'The engine of local does not answer.',
      meaning: 'Nothing can be said about the runtime.',
      evidence: [{ probe: 'GET /_ping', seen: 'connection refused' }],
      advice: ['Restart the engine.'],
      remedies: [{ kind: 'restartEngine' as const }],
    }
    await openWith(brokenAt(mine, 'compute', gone))
    expect(await screen.findByRole('group', { name: gone.sentence })).toBeVisible()
    expect(screen.getByRole('heading', { name: 'The first broken link is: Compute' })).toBeVisible()
    expect(screen.getByRole('button', { name: 'Restart the engine' })).toBeVisible()
  })
})

describe('what mends a runtime', () => {
  const broken = brokenAt(failed, 'running', outOfMemory)

  it('is told first, then done, then told to its end', async () => {
    const { user, backend, address } = await openWith(broken, failed)
    await user.click(await screen.findByRole('button', { name: 'Raise the memory limit to 1 GB' }))
    expect(address()).toContain('mend=')
    const dialog = within(
      await screen.findByRole('dialog', { name: 'Raise the memory limit to 1 GB' }),
    )
    expect(backend.requests('preview_mend')).toEqual([
      { runtime: 'mine', remedy: { kind: 'raiseMemory', bytes: 1024 ** 3 } },
    ])
    expect(await dialog.findByText('A candidate with the new limit is proved.')).toBeVisible()
    expect(backend.requests('mend_runtime')).toEqual([])
    await expectAccessible()
    await user.click(dialog.getByRole('button', { name: 'Raise the memory limit to 1 GB' }))
    expect(backend.requests('mend_runtime')).toEqual([
      { runtime: 'mine', remedy: { kind: 'raiseMemory', bytes: 1024 ** 3 } },
    ])
    act(() =>
      backend.tell({
        kind: 'operation',
        operation: operation({
          id: 'operation-started',
          runtime: 'mine',
          kind: 'reconfigure',
          state: 'succeeded',
          outcome: 'my-runtime may use 1 GB now.',
          finished: ago(0),
        }),
      }),
    )
    expect(await dialog.findByText('my-runtime may use 1 GB now.')).toBeVisible()
    await user.click(dialog.getByRole('button', { name: 'Close' }))
    await waitFor(() => expect(address()).toBe('/runtimes/mine?tab=diagnostics'))
  })

  it('that only the person can do has a command to copy, and who would be interrupted', async () => {
    const { user, backend } = await openAt(
      `/runtimes/mine?tab=diagnostics&mend=${encodeURIComponent('{"kind":"restartEngine"}')}`,
      {
        ...alone,
        answers: {
          ...alone.answers,
          preview_mend: () =>
            mendPreview({
              steps: [],
              affected: ['my-runtime', 'eval'],
              command: 'sudo systemctl restart docker',
            }),
        },
      },
    )
    const dialog = within(await screen.findByRole('dialog', { name: 'Restart the engine' }))
    expect(await dialog.findByText('sudo systemctl restart docker')).toBeVisible()
    expect(dialog.getByRole('button', { name: 'Copy command' })).toBeVisible()
    expect(dialog.getByText('2 runtimes are interrupted')).toBeVisible()
    expect(dialog.getByText('eval')).toBeVisible()
    expect(dialog.queryByRole('button', { name: 'Restart the engine' })).toBeNull()
    await expectAccessible()
    const before = backend.requests('diagnose_runtime').length
    await user.click(dialog.getByRole('button', { name: 'Check again' }))
    await waitFor(() => expect(backend.requests('diagnose_runtime').length).toBeGreaterThan(before))
    expect(backend.requests('mend_runtime')).toEqual([])
  })

  it('that is refused says why, and nothing was begun', async () => {
    const { user, backend } = await openAt(
      `/runtimes/mine?tab=diagnostics&mend=${encodeURIComponent('{"kind":"recreate"}')}`,
      {
        ...alone,
        answers: {
          ...alone.answers,
          mend_runtime: () => {
            throw problem({ code: 'busy', sentence: 'An update of my-runtime is under way.' })
          },
        },
      },
    )
    const dialog = within(await screen.findByRole('dialog', { name: 'Recreate the container' }))
    await user.click(await dialog.findByRole('button', { name: 'Recreate the container' }))
    expect(await dialog.findByText('An update of my-runtime is under way.')).toBeVisible()
    expect(backend.requests('mend_runtime')).toHaveLength(1)
  })

  it('is called by what the application calls it where that says more, and Escape leaves it', async () => {
    const { user, address, backend } = await openAt(
      `/runtimes/mine?tab=diagnostics&mend=${encodeURIComponent('{"kind":"restartEngine"}')}`,
      {
        ...alone,
        answers: {
          ...alone.answers,
          preview_mend: () => mendPreview({ title: 'Restart the engine of local', steps: [] }),
        },
      },
    )
    const dialog = within(await screen.findByRole('dialog', { name: 'Restart the engine' }))
    expect(await dialog.findByText('Restart the engine of local')).toBeVisible()
    await expectAccessible()
    await user.keyboard('{Escape}')
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect(address()).not.toContain('mend=')
    expect(backend.requests('mend_runtime')).toEqual([])
  })

  it('says nothing twice', async () => {
    await openAt(
      `/runtimes/mine?tab=diagnostics&mend=${encodeURIComponent('{"kind":"raiseMemory","bytes":1073741824}')}`,
      alone,
    )
    const dialog = within(
      await screen.findByRole('dialog', { name: 'Raise the memory limit to 1 GB' }),
    )
    await dialog.findByText('The container is replaced by one that may use 1 GB.')
    // Its heading and its button.
    expect(dialog.getAllByText('Raise the memory limit to 1 GB')).toHaveLength(2)
  })

  it('is taken from an address only when it can be done', () => {
    expect(mendingOf(null)).toBeNull()
    expect(mendingOf('nonsense')).toBeNull()
    expect(mendingOf('null')).toBeNull()
    expect(mendingOf('{"kind":"viewLogs"}')).toBeNull()
    expect(mendingOf('{"kind":"choosePort","free":null}')).toBeNull()
    expect(mendingOf('{"kind":"toString"}')).toBeNull()
    expect(mendingOf('{"kind":"choosePort","free":18082}')).toEqual({
      kind: 'choosePort',
      free: 18082,
    })
  })
})

describe('a runtime whose container was removed', () => {
  it('can be made again from what is known of it', async () => {
    const gone = {
      cause: 'containerGone' as const,
      sentence: 'The container of my-runtime was removed outside of this application.',
      meaning: 'Its image and settings are known.',
      evidence: [],
      advice: ['Make it again.'],
      remedies: [{ kind: 'recreate' as const }],
    }
    const { user, backend, address } = await openAt('/runtimes/mine', {
      ...alone,
      answers: {
        ...alone.answers,
        diagnose_runtime: () => brokenAt(mine, 'container', gone),
      },
    })
    act(() => backend.tell({ kind: 'runtimes', changed: [], removed: ['mine'] }))
    await waitFor(() => expect(address()).toBe('/runtimes'))
    await user.click(await screen.findByText('Diagnose'))
    const bar = within(await screen.findByRole('group', { name: gone.sentence }))
    expect(
      screen.getByRole('heading', { name: 'The first broken link is: Container' }),
    ).toBeVisible()
    await expectAccessible()
    await user.click(bar.getByRole('button', { name: 'Recreate the container' }))
    const dialog = within(await screen.findByRole('dialog', { name: 'Recreate the container' }))
    await user.click(await dialog.findByRole('button', { name: 'Recreate the container' }))
    expect(backend.requests('mend_runtime')).toEqual([
      { runtime: 'mine', remedy: { kind: 'recreate' } },
    ])
  })
})

describe('a finding elsewhere', () => {
  const taken = runtime({ id: 'mine', status: 'Failed', started: null, finding: portTaken })

  it('leads from the bar of the page to its diagnosis', async () => {
    const { user, address } = await openAt('/runtimes/mine', { ...alone, runtimes: [taken] })
    const bar = within(screen.getByRole('group', { name: portTaken.sentence }))
    await user.click(bar.getByRole('button', { name: 'Diagnose' }))
    expect(address()).toBe('/runtimes/mine?tab=diagnostics')
    expect(screen.queryByRole('button', { name: 'Diagnose' })).toBeNull()
  })

  it('leads from the row of the list to the fix and to its diagnosis', async () => {
    const { user, address, back } = await openAt('/runtimes', { ...alone, runtimes: [taken] })
    await user.click(await screen.findByRole('button', { name: 'Diagnose' }))
    await waitFor(() => expect(address()).toBe('/runtimes/mine?tab=diagnostics'))
    await back()
    await user.click(await screen.findByRole('button', { name: 'Use port 18082' }))
    expect(await screen.findByRole('dialog', { name: 'Use port 18082' })).toBeVisible()
  })
})
