import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { FakeLog } from '../../testing/fakeLog'
import {
  compute,
  manyRuntimes,
  operation,
  pastOperations,
  problem,
  runtime,
  versionCheck,
} from '../../testing/fixtures'
import { expectAccessible, openAt } from '../../testing/render'

const mine = runtime({ id: 'mine', updateAvailable: '20240429.v10' })
const alone = { runtimes: [mine], computes: [compute()] }

describe('the detail page', () => {
  it('has the buttons and tabs by their names', async () => {
    await openAt('/runtimes/mine', alone)
    expect(screen.getByRole('heading', { level: 1, name: 'my-runtime' })).toBeVisible()
    for (const name of ['Check version', 'Stop', 'Restart', 'Delete']) {
      expect(screen.getByRole('button', { name })).toBeVisible()
    }
    expect(screen.getAllByRole('button', { name: 'Update' }).length).toBeGreaterThan(0)
    expect(screen.queryByRole('button', { name: 'Start' })).toBeNull()
    expect(screen.queryByRole('button', { name: 'Roll back' })).toBeNull()
    for (const name of ['Overview', 'Logs', 'Packages', 'History', 'Configuration']) {
      expect(screen.getByRole('tab', { name })).toBeInTheDocument()
    }
  })

  it('has requests to try for a terminal, by what the service inside can answer', async () => {
    const { unmount } = await openAt('/runtimes/mine', alone)
    expect(await screen.findByText('curl http://127.0.0.1:18080/version')).toBeVisible()
    expect(screen.getByText('curl http://127.0.0.1:18080/health')).toBeVisible()
    expect(screen.getByRole('button', { name: 'Copy health request' })).toBeVisible()
    unmount()
    await openAt('/runtimes/mine', {
      ...alone,
      runtimes: [{ ...mine, protocol: 'azureRuntime' }],
    })
    expect(await screen.findByText('curl http://127.0.0.1:18080/health')).toBeVisible()
    expect(screen.queryByText(/\/version$/)).toBeNull()
  })

  it('asks for the cached check, then for a fresh one, and tells of a newer version', async () => {
    const { backend } = await openAt('/runtimes/mine', alone)
    expect(
      await screen.findByText(
        /^A new version is available: 20240429\.v10, 3 days old, 84 MB to download, 2 security fixes\.$/,
      ),
    ).toBeVisible()
    await waitFor(() =>
      expect(backend.requests('check_version').map(({ freshness }) => freshness)).toEqual([
        'cached',
        'page',
      ]),
    )
  })

  it('checks now when asked, and says that it is up to date', async () => {
    const upToDate = versionCheck(mine, { answer: { kind: 'upToDate', passedOver: [] } })
    const { user, backend } = await openAt('/runtimes/mine', {
      ...alone,
      answers: { check_version: () => ({ check: upToDate }) },
    })
    await waitFor(() => expect(backend.requests('check_version')).toHaveLength(2))
    await user.click(screen.getByRole('button', { name: 'Check version' }))
    expect(backend.requests('check_version').at(-1)?.freshness).toBe('now')
    expect(await screen.findByText('my-runtime is up to date')).toBeVisible()
    expect(screen.queryByText(/^A new version is available/)).toBeNull()
  })

  it('says which versions were passed over, and why', async () => {
    const upToDate = versionCheck(mine, {
      answer: {
        kind: 'upToDate',
        passedOver: [
          {
            tag: '20240501.v3',
            because: { kind: 'failedHere', why: 'The container ended with exit code 1.' },
          },
          { tag: '20240501.v2', because: { kind: 'notForArchitecture', architecture: 'arm64' } },
        ],
      },
    })
    await openAt('/runtimes/mine', {
      ...alone,
      answers: { check_version: () => ({ check: upToDate }) },
    })
    expect(
      await screen.findByText(
        '20240501.v3 was passed over: it did not work here before. The container ended with exit code 1.',
      ),
    ).toBeVisible()
    expect(screen.getByText('20240501.v2 was passed over: it is not made for arm64.')).toBeVisible()
    await expectAccessible()
  })

  it('never shows an unknown answer as up to date', async () => {
    const unknown = versionCheck(mine, {
      answer: {
        kind: 'unknown',
        because: problem({
          code: 'registryUnreachable',
          sentence: 'mcr.microsoft.com cannot be reached.',
          retry: true,
        }),
      },
    })
    await openAt('/runtimes/mine', {
      ...alone,
      answers: { check_version: () => ({ check: unknown }) },
    })
    expect(await screen.findByText('mcr.microsoft.com cannot be reached.')).toBeVisible()
    expect(screen.queryByText(/up to date/i)).toBeNull()
    expect(screen.getByRole('button', { name: 'Try again' })).toBeVisible()
  })

  it('skips a version and stays silent about a skipped one', async () => {
    const { user, backend } = await openAt('/runtimes/mine', alone)
    await user.click(await screen.findByRole('button', { name: 'Skip this version' }))
    expect(backend.requests('skip_version')).toEqual([{ runtime: 'mine', version: '20240429.v10' }])
    const skipped = versionCheck(mine)
    if (skipped.answer.kind === 'newer') skipped.answer.skipped = true
    backend.tell({ kind: 'versionCheck', check: skipped })
    await waitFor(() => expect(screen.queryByText(/^A new version is available/)).toBeNull())
  })

  it('tells what changes before anything is downloaded', async () => {
    const { user } = await openAt('/runtimes/mine', alone)
    await user.click(await screen.findByRole('button', { name: 'What changes' }))
    const dialog = await screen.findByRole('dialog', { name: 'What changes in 20240429.v10' })
    expect(within(dialog).getByText('20240429.v9: Updates aiohttp.')).toBeVisible()
  })

  it('says what a delete takes and what it leaves, then does just that', async () => {
    const { user, backend } = await openAt('/runtimes/mine', alone)
    await user.click(screen.getByRole('button', { name: 'Delete' }))
    const dialog = await screen.findByRole('dialog', { name: 'Delete my-runtime' })
    const goes = await within(dialog).findByRole('list', { name: 'These go' })
    expect(goes).toHaveTextContent('Container my-runtime')
    expect(within(dialog).getByRole('list', { name: 'These stay' })).toHaveTextContent(
      'Volume my-runtime-data',
    )
    await expectAccessible()
    await user.click(
      within(dialog).getByRole('checkbox', { name: 'Also delete volume my-runtime-data' }),
    )
    expect(goes).toHaveTextContent('Volume my-runtime-data')
    await user.click(within(dialog).getByRole('button', { name: 'Delete runtime and 1 volume' }))
    expect(backend.requests('delete_runtime')).toEqual([
      { runtime: 'mine', removeVolumes: true, removeImage: false },
    ])
  })

  it('closes with a word when the runtime disappears outside', async () => {
    const { backend, address } = await openAt('/runtimes/mine', alone)
    backend.tell({ kind: 'runtimes', changed: [], removed: ['mine'] })
    expect(await screen.findByText('my-runtime is gone')).toBeVisible()
    expect(address()).toBe('/runtimes')
  })

  it('says that it was deleted when that was done here', async () => {
    const { backend } = await openAt('/runtimes/mine', alone)
    backend.tell({
      kind: 'operation',
      operation: operation({ id: 'delete', kind: 'delete', runtime: 'mine', state: 'succeeded' }),
    })
    backend.tell({ kind: 'runtimes', changed: [], removed: ['mine'] })
    expect(await screen.findByText('my-runtime was deleted')).toBeVisible()
  })

  it('says that there is no such runtime', async () => {
    await openAt('/runtimes/never-was', alone)
    expect(screen.getByRole('heading', { level: 1 })).toHaveTextContent(
      'This runtime does not exist',
    )
  })

  it('shows who holds it, offers no change, and takes over only after asking', async () => {
    const { user, backend } = await openAt('/runtimes/mine', {
      ...alone,
      runtimes: [
        { ...mine, lock: { who: 'ben@gpu-box', since: '2026-11-24T13:00:00Z', ours: false } },
      ],
      answers: { check_version: () => ({ check: null }) },
    })
    expect(screen.getByText('ben@gpu-box works on this runtime')).toBeVisible()
    expect(screen.queryByRole('button', { name: 'Update' })).toBeNull()
    expect(screen.queryByRole('button', { name: 'Stop' })).toBeNull()
    await user.click(screen.getByRole('button', { name: 'Take over' }))
    expect(backend.requests('take_over')).toEqual([])
    const dialog = await screen.findByRole('dialog', { name: 'Take over my-runtime' })
    await user.click(within(dialog).getByRole('button', { name: 'Take over' }))
    expect(backend.requests('take_over')).toEqual([{ runtime: 'mine' }])
  })

  it('rolls back after saying what that means', async () => {
    const { user, backend } = await openAt('/runtimes/mine', {
      ...alone,
      runtimes: [
        {
          ...mine,
          previous: {
            image: 'i:1',
            version: '20240429.v7',
            since: '2026-11-22T13:00:00Z',
            kept: true,
          },
        },
      ],
    })
    await user.click(screen.getByRole('button', { name: 'Roll back' }))
    const dialog = await screen.findByRole('dialog', { name: 'Roll back runtime' })
    expect(dialog).toHaveTextContent('20240429.v7')
    expect(dialog).toHaveTextContent(/does not roll back.*my-runtime-data/)
    await user.click(within(dialog).getByRole('button', { name: 'Roll back' }))
    expect(backend.requests('roll_back_runtime')).toEqual([{ runtime: 'mine' }])
  })

  it('reads Go back once the old container has been stopped', async () => {
    const running = operation({ id: 'up', runtime: 'mine', cancel: 'goBack' })
    const { user, backend } = await openAt('/runtimes/mine', {
      ...alone,
      runtimes: [{ ...mine, operation: 'up', status: 'Updating' }],
      operations: [running],
    })
    await user.click(screen.getByRole('button', { name: 'Go back' }))
    expect(backend.requests('cancel_operation')).toEqual([{ operation: 'up' }])
  })

  it('tells why the last operation went wrong, and what stands now', async () => {
    const { backend } = await openAt('/runtimes/mine', alone)
    const [failed] = pastOperations(mine)
    if (!failed) throw new Error('no operation')
    backend.tell({ kind: 'operation', operation: failed })
    expect(await screen.findByText(/ended right after its start with code 1/)).toBeVisible()
    expect(screen.getByText('my-runtime still runs 20240429.v8.')).toBeVisible()
  })

  it('is accessible on each tab', async () => {
    const { user } = await openAt('/runtimes/mine', {
      ...alone,
      log: new FakeLog([{ error: true, text: 'boom' }]),
    })
    await screen.findByText('1.10.1')
    await expectAccessible()
    for (const name of ['Logs', 'Packages', 'History', 'Configuration']) {
      await user.click(screen.getByRole('tab', { name }))
      await screen.findByRole('tabpanel', { name })
      await expectAccessible()
    }
  })
})

describe('the tabs of the detail page', () => {
  it('open the log at its end, mark standard error, and copy its command', async () => {
    const { user, backend } = await openAt('/runtimes/mine?tab=logs', {
      ...alone,
      log: new FakeLog([{ text: 'started' }, { text: 'a warning', error: true }]),
    })
    const log = await screen.findByRole('log', { name: 'Log of my-runtime' })
    expect(await within(log).findByText('started')).toBeVisible()
    expect(within(log).getByText(/a warning/)).toHaveTextContent('standard error: a warning')
    expect(backend.calls.find(({ command }) => command === 'open_log')?.request).toEqual({
      of: { kind: 'runtimes', runtimes: ['mine'] },
    })
    await user.click(screen.getByRole('button', { name: 'More for Log of my-runtime' }))
    await user.click(await screen.findByRole('menuitem', { name: 'Copy command' }))
    expect(await screen.findByText('docker logs --follow my-runtime')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Download' }))
    expect(await screen.findByText('/home/anna/Downloads/my-runtime.log')).toBeVisible()
  })

  it('stop following when left', async () => {
    const { user, backend } = await openAt('/runtimes/mine?tab=logs', alone)
    await waitFor(() =>
      expect(backend.calls.some(({ command }) => command === 'open_log')).toBe(true),
    )
    await user.click(screen.getByRole('tab', { name: 'Overview' }))
    await waitFor(() =>
      expect(backend.calls.some(({ command }) => command === 'stop_following')).toBe(true),
    )
  })

  it('search the packages', async () => {
    const { user } = await openAt('/runtimes/mine?tab=packages', alone)
    await user.type(await screen.findByRole('searchbox', { name: 'Search packages' }), 'promptf')
    expect(screen.getByText('1 package')).toBeVisible()
    expect(screen.getByRole('cell', { name: 'promptflow' })).toBeVisible()
    await user.type(screen.getByRole('searchbox', { name: 'Search packages' }), 'zzz')
    expect(screen.getByText('No package matches')).toBeVisible()
  })

  it('do not ask a stopped runtime for its packages', async () => {
    const { backend } = await openAt('/runtimes/mine?tab=packages', {
      ...alone,
      runtimes: [{ ...mine, status: 'Stopped', started: null }],
    })
    expect(screen.getByText('The runtime does not run')).toBeVisible()
    expect(backend.requests('runtime_packages')).toEqual([])
    expect(screen.getByRole('button', { name: 'Start' })).toBeVisible()
  })

  it('keep what happened, with the log of a container that was removed', async () => {
    const { user } = await openAt('/runtimes/mine?tab=history', alone)
    const list = await screen.findByRole('list', { name: 'Operations' })
    const [first] = within(list).getAllByRole('listitem')
    if (!first) throw new Error('no operation')
    expect(first).toHaveTextContent('by anna@workstation')
    await user.click(within(first).getByRole('button', { name: 'Update' }))
    expect(within(first).getByText('my-runtime still runs 20240429.v8.')).toBeVisible()
    await user.click(within(first).getByRole('button', { name: /^Last lines of the removed/ }))
    expect(within(first).getByText(/No module named 'promptflow'/)).toBeVisible()
  })

  it('show variables by name and never a value', async () => {
    await openAt('/runtimes/mine?tab=configuration', alone)
    expect(await screen.findByRole('cell', { name: 'TEAM_NAME' })).toBeVisible()
    expect(screen.getAllByRole('img', { name: 'hidden' })).toHaveLength(4)
  })

  it('say when a question went wrong, and ask again', async () => {
    const { user, backend } = await openAt('/runtimes/mine?tab=history', {
      ...alone,
      answers: {
        runtime_history: () => {
          throw problem({ code: 'storage', sentence: 'The history cannot be read.', retry: true })
        },
      },
    })
    expect(await screen.findByText('The history cannot be read.')).toBeVisible()
    backend.world.answers = {}
    await user.click(screen.getByRole('button', { name: 'Try again' }))
    expect(await screen.findByRole('list', { name: 'Operations' })).toBeVisible()
  })
})

describe('a runtime that is not well', () => {
  it('shows its finding with what can be done here', async () => {
    const failed = manyRuntimes()[1]
    if (!failed) throw new Error('no runtime')
    const { user, address } = await openAt(`/runtimes/${failed.id}`)
    const finding = screen.getByRole('group', { name: 'Port 8080 is taken by "nginx".' })
    await user.click(within(finding).getByRole('button', { name: 'What was seen' }))
    expect(within(finding).getByText(/port is already allocated/)).toBeVisible()
    await user.click(within(finding).getByRole('button', { name: 'View logs' }))
    expect(address()).toContain('tab=logs')
  })
})
