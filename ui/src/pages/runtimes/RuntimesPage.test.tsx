import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, describe, expect, it } from 'vitest'
import { compute, manyRuntimes, podman, runtime, unreachable } from '../../testing/fixtures'
import { expectAccessible, openAt } from '../../testing/render'
import { startView, view } from './view'

beforeEach(() => view.set(startView))

const row = (name: string) => {
  const found = screen.getByRole('link', { name }).closest<HTMLElement>('[role=row]')
  if (!found) throw new Error(`no row ${name}`)
  return found
}

describe('the runtimes page', () => {
  it('has the columns, the search box and the button by their names', async () => {
    await openAt('/runtimes')
    expect(screen.getByRole('heading', { level: 1, name: 'Runtimes' })).toBeVisible()
    const grid = screen.getByRole('grid', { name: 'Runtimes' })
    for (const name of [
      'Name',
      'Status',
      'Version',
      'Environment',
      'Compute',
      'Endpoint',
      'CPU',
      'Memory',
      'Created',
    ]) {
      expect(within(grid).getByRole('columnheader', { name })).toBeInTheDocument()
    }
    expect(screen.getByRole('searchbox', { name: 'Search runtimes' })).toBeInTheDocument()
    expect(screen.getByRole('button', { name: 'Add runtime' })).toBeInTheDocument()
    await screen.findByRole('link', { name: 'my-runtime' })
    expect(row('my-runtime')).toHaveTextContent('Available')
    await expectAccessible()
  })

  it('draws the words of the rows first, and what can be pressed right after', async () => {
    performance.clearMarks()
    await openAt('/runtimes')
    const names = screen.getAllByRole('rowheader')
    const first = names
      .find(({ textContent }) => textContent === 'my-runtime')
      ?.closest<HTMLElement>('[role=row]')
    expect(first).toHaveTextContent('Available')
    expect(first?.querySelector('a')).toBeNull()
    expect(await screen.findByRole('link', { name: 'my-runtime' })).toBeVisible()
    expect(performance.getEntriesByName('runtimes shown')).toHaveLength(1)
    expect(screen.getByRole('button', { name: 'Actions for my-runtime' })).toBeVisible()
  })

  it('opens a menu by its button, and gives the focus back', async () => {
    const { user } = await openAt('/runtimes')
    const button = await screen.findByRole('button', { name: 'Actions for my-runtime' })
    await user.click(button)
    await waitFor(() => expect(screen.getByRole('menuitem', { name: 'Open' })).toHaveFocus())
    expect(button).toHaveAttribute('aria-expanded', 'true')
    await user.keyboard('{Escape}')
    await waitFor(() => expect(screen.queryByRole('menu')).toBeNull())
    expect(button).toHaveFocus()
    await user.click(button)
    await screen.findByRole('menu')
    await user.click(button)
    await waitFor(() => expect(screen.queryByRole('menu')).toBeNull())
  })

  it('shows the version of an environment with a name, and that there is a newer one', async () => {
    const { spec } = runtime()
    const image = 'localhost/promptflow-runtimes/rag:3'
    await openAt('/runtimes', {
      runtimes: [
        runtime({
          version: null,
          image,
          environment: 'rag',
          updateAvailable: '4',
          spec: spec && {
            ...spec,
            environment: { kind: 'named', id: 'environment-rag', name: 'rag', version: 3, image },
          },
        }),
      ],
    })
    await screen.findByRole('link', { name: 'my-runtime' })
    const inRow = within(row('my-runtime'))
    expect(inRow.getByText('3')).toHaveAttribute('title', image)
    expect(inRow.getByTitle('rag')).toHaveTextContent('rag')
    expect(
      inRow.getByRole('img', { name: 'Version 4 is available. Update my-runtime' }),
    ).toBeVisible()
  })

  it('finds, filters and shows all again', async () => {
    const { user } = await openAt('/runtimes')
    await user.type(screen.getByRole('searchbox', { name: 'Search runtimes' }), 'my-run')
    expect(screen.queryByRole('link', { name: 'eval' })).toBeNull()
    await user.click(screen.getByRole('button', { name: 'Needs attention 3' }))
    expect(screen.getByText('No runtime matches')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Show all runtimes' }))
    expect(row('eval')).toBeInTheDocument()
    await user.click(screen.getByRole('button', { name: 'Updates 2' }))
    expect(screen.getByRole('grid')).toHaveAttribute('aria-rowcount', '3')
  })

  it('sorts by a column and says so', async () => {
    const { user } = await openAt('/runtimes')
    const header = screen.getByRole('columnheader', { name: 'Created' })
    await user.click(within(header).getByRole('button'))
    expect(header).toHaveAttribute('aria-sort', 'ascending')
    await user.click(within(header).getByRole('button'))
    expect(header).toHaveAttribute('aria-sort', 'descending')
    expect(screen.getAllByRole('rowheader')[0]).toHaveTextContent('my-runtime')
  })

  it('shows readings as they come and asks for the rows in view only', async () => {
    const { backend } = await openAt('/runtimes')
    const mine = manyRuntimes()[0]
    backend.tell({
      kind: 'usage',
      readings: [
        {
          runtime: mine?.id ?? '',
          usage: { cpuPercent: 3.2, memory: 212 * 1024 ** 2, memoryLimit: 4 * 1024 ** 3 },
        },
      ],
    })
    expect(await within(row('my-runtime')).findByText('3 %')).toBeVisible()
    expect(within(row('my-runtime')).getByText('212 MB')).toBeVisible()
    expect(backend.requests('watch_rows').at(-1)?.runtimes).toContain(mine?.id)
  })

  it('draws only a window of a thousand rows', async () => {
    const { backend } = await openAt('/runtimes', {
      runtimes: Array.from({ length: 1000 }, (_, index) =>
        runtime({ id: `r${index}`, name: `runtime-${index}` }),
      ),
    })
    expect(screen.getByRole('grid')).toHaveAttribute('aria-rowcount', '1001')
    expect(screen.getAllByRole('rowheader').length).toBeLessThan(60)
    expect(backend.requests('watch_rows').at(-1)?.runtimes.length).toBeLessThan(60)
  })

  it('tells why a row failed, with the fix as a link', async () => {
    const { user, backend } = await openAt('/runtimes')
    expect(within(row('team-shared')).getByText(/has not answered for 3 minutes/)).toBeVisible()
    await user.click(within(row('team-shared')).getByRole('button', { name: 'Restart' }))
    expect(backend.requests('restart_runtime')).toHaveLength(1)
  })

  it('stops a runtime from its menu, and asks before it deletes by key', async () => {
    const { user, backend } = await openAt('/runtimes')
    await user.click(screen.getByRole('button', { name: 'Actions for my-runtime' }))
    expect(screen.queryByRole('menuitem', { name: 'Start' })).toBeNull()
    await user.click(screen.getByRole('menuitem', { name: 'Stop' }))
    expect(backend.requests('stop_runtime')).toEqual([{ runtime: manyRuntimes()[0]?.id }])
    screen.getByRole('link', { name: 'my-runtime' }).focus()
    await user.keyboard('{Delete}')
    expect(await screen.findByRole('dialog', { name: 'Delete my-runtime' })).toBeVisible()
    expect(backend.requests('delete_runtime')).toEqual([])
  })

  it('follows what happens outside', async () => {
    const { backend } = await openAt('/runtimes')
    const [first] = manyRuntimes()
    if (!first) throw new Error('no runtime')
    backend.tell({
      kind: 'runtimes',
      changed: [{ ...first, name: 'renamed', status: 'Stopped', started: null }],
      removed: [manyRuntimes()[2]?.id ?? ''],
    })
    await waitFor(() => expect(row('renamed')).toHaveTextContent('Stopped'))
    expect(screen.queryByRole('link', { name: 'support-bot' })).toBeNull()
  })

  it('says since when a compute is not in step, and tries again', async () => {
    const { user, backend } = await openAt('/runtimes')
    expect(screen.getByText(/podman: as of \d\d:\d\d/)).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Try again' }))
    expect(backend.requests('retry_compute')).toEqual([{ compute: podman.id }])
  })

  it('leads to the wizard while there is nothing', async () => {
    const { user, address } = await openAt('/runtimes', {
      runtimes: [],
      computes: [compute({ runtimes: 0 })],
    })
    await screen.findByText('No runtimes yet')
    await expectAccessible()
    await user.click(screen.getByRole('button', { name: 'Add runtime' }))
    expect(address()).toBe('/runtimes/add')
  })

  it('does not offer an empty list where no engine can be used', async () => {
    await openAt('/runtimes', { runtimes: [], computes: [unreachable] })
    await waitFor(() => expect(screen.queryByText('No runtimes yet')).toBeNull())
  })
})
