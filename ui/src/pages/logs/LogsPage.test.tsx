import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { dropOnWindow } from '../../backend/fakeIpc'
import { FakeLog } from '../../testing/fakeLog'
import { problem, runtime } from '../../testing/fixtures'
import { mergedLog, nodeTimes } from '../../testing/logFixtures'
import { expectAccessible, openAt } from '../../testing/render'

const opened = (backend: { calls: Array<{ command: string; request: unknown }> }) =>
  backend.calls.filter(({ command }) => command === 'open_log').map(({ request }) => request)

const fileLog = () =>
  new FakeLog([{ text: 'Executing node search.' }], {
    live: false,
    sources: [],
    times: nodeTimes(),
  })

describe('log files', () => {
  it('are reached from what happened, and opened by their path', async () => {
    const { user, backend, address } = await openAt('/activity', { fileLog: fileLog() })
    await user.click(await screen.findByRole('button', { name: 'Open log file' }))
    expect(await screen.findByRole('heading', { name: 'Log files' })).toBeVisible()
    await expectAccessible()
    await user.click(screen.getByRole('button', { name: 'Open log' }))
    expect(screen.getByText('Enter the path of a file.')).toBeVisible()
    expect(screen.getByRole('textbox', { name: 'Path of a log file' })).toHaveFocus()
    await user.keyboard('/home/anna/a b/executor.log{Enter}')
    const log = await screen.findByRole('log', { name: 'Log file executor.log' })
    expect(await within(log).findByText('Executing node search.')).toBeVisible()
    expect(opened(backend)).toEqual([{ of: { kind: 'file', path: '/home/anna/a b/executor.log' } }])
    expect(address()).toBe('/logs?file=%2Fhome%2Fanna%2Fa+b%2Fexecutor.log')
    // A file has no container to ask in a terminal, and nothing comes any more.
    expect(screen.queryByRole('button', { name: 'Pause' })).toBeNull()
    await user.click(screen.getByRole('button', { name: 'Node times' }))
    expect(await screen.findByRole('table', { name: /^Node times of/ })).toBeVisible()
    await expectAccessible()
  })

  it('are dropped on the window, one after the other', async () => {
    const { backend } = await openAt('/logs', { fileLog: fileLog() })
    await dropOnWindow(['/tmp/one.log'])
    expect(await screen.findByRole('log', { name: 'Log file one.log' })).toBeVisible()
    await dropOnWindow(['/tmp/two.log'])
    expect(await screen.findByRole('log', { name: 'Log file two.log' })).toBeVisible()
    await waitFor(() => expect(opened(backend)).toHaveLength(2))
    expect(backend.calls.some(({ command }) => command === 'stop_following')).toBe(true)
  })

  it('are chosen in the system’s own dialog', async () => {
    const { user } = await openAt('/logs', {
      fileLog: fileLog(),
      plugins: { 'plugin:dialog|open': () => '/tmp/chosen.log' },
    })
    await user.click(await screen.findByRole('button', { name: 'Choose a file' }))
    expect(await screen.findByRole('log', { name: 'Log file chosen.log' })).toBeVisible()
  })

  it('that are not there say so, and another path can be tried', async () => {
    const log = fileLog()
    log.parts.problem = problem({ code: 'notFound', sentence: 'There is no file /tmp/gone.log.' })
    const { user } = await openAt('/logs?file=/tmp/gone.log', { fileLog: log })
    expect(await screen.findByText('There is no file /tmp/gone.log.')).toBeVisible()
    delete log.parts.problem
    const field = screen.getByRole('textbox', { name: 'Path of a log file' })
    expect(field).toHaveValue('/tmp/gone.log')
    await user.clear(field)
    await user.type(field, '/tmp/there.log{Enter}')
    expect(await screen.findByRole('log', { name: 'Log file there.log' })).toBeVisible()
  })
})

describe('the logs of several runtimes', () => {
  const named = (name: string) => runtime({ id: `id-${name}`, name })

  it('are chosen on the list and merged, each line with its source', async () => {
    const { user, backend } = await openAt('/runtimes', {
      runtimes: [named('rag-prod'), named('eval'), named('other')],
      log: mergedLog(),
    })
    expect(screen.queryByRole('toolbar')).toBeNull()
    await user.click(await screen.findByRole('checkbox', { name: 'Choose rag-prod' }))
    await user.click(screen.getByRole('checkbox', { name: 'Choose eval' }))
    const bar = within(screen.getByRole('toolbar', { name: '2 runtimes chosen' }))
    await expectAccessible()
    await user.click(bar.getByRole('button', { name: 'Logs' }))
    const log = within(await screen.findByRole('log', { name: 'Logs of 2 runtimes' }))
    await waitFor(() =>
      expect(log.getAllByRole('gridcell', { name: 'eval' }).length).toBeGreaterThan(0),
    )
    expect(log.getAllByRole('gridcell', { name: 'rag-prod' }).length).toBeGreaterThan(0)
    const [request] = opened(backend) as Array<{ of: { runtimes: string[] } }>
    expect(request?.of.runtimes.toSorted()).toEqual(['id-eval', 'id-rag-prod'])
    expect(screen.getByText('eval: The container has ended with exit code 137.')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Filter' }))
    await user.click(await screen.findByRole('checkbox', { name: 'eval' }))
    await waitFor(() => expect(backend.requests('filter_log').at(-1)?.filter.sources).toEqual([1]))
    await expectAccessible()
  })

  it('are at most sixteen', async () => {
    const { user } = await openAt('/runtimes', {
      runtimes: Array.from({ length: 17 }, (_, index) => named(`r${index}`)),
    })
    for (const box of await screen.findAllByRole('checkbox', { name: /^Choose / })) {
      await user.click(box)
    }
    const bar = within(screen.getByRole('toolbar', { name: '17 runtimes chosen' }))
    expect(bar.getByRole('button', { name: 'Logs' })).toHaveAttribute('aria-disabled', 'true')
    expect(bar.getByText('The logs of at most 16 runtimes are shown together.')).toBeVisible()
    await user.click(bar.getByRole('button', { name: 'Choose none' }))
    expect(screen.queryByRole('toolbar')).toBeNull()
  })
})
