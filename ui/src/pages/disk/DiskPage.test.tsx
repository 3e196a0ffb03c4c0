import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { diskImage, diskView } from '../../testing/adoptFixtures'
import type { World } from '../../testing/fakeBackend'
import { compute, podman, problem, REPOSITORY } from '../../testing/fixtures'
import { expectAccessible, openAt } from '../../testing/render'

async function disk(world: Partial<World> = {}) {
  const opened = await openAt('/computes/local/disk', { computes: [compute()], ...world })
  return opened
}

describe('the disk of a compute', () => {
  it('is come to from the card of a compute that is connected', async () => {
    const { user, address } = await openAt('/computes', {
      computes: [compute({ id: 'context:box', name: 'box' }), podman],
    })
    expect(screen.queryByRole('button', { name: 'Disk of podman' })).toBeNull()
    await user.click(screen.getByRole('button', { name: 'Disk of box' }))
    expect(address()).toBe('/computes/context%3Abox/disk')
    expect(await screen.findByRole('heading', { level: 1, name: 'Disk of box' })).toBeVisible()
  })

  it('tells totals, and of each image what it is and what needs it', async () => {
    await disk()
    const table = await screen.findByRole('table', { name: 'Images' })
    expect(screen.getByText('84 GB')).toBeVisible()
    expect(screen.getByText('21 GB')).toBeVisible()
    expect(screen.getByText('about 11 GB that no other image shares')).toBeVisible()
    const row = (name: RegExp) => within(table).getByRole('row', { name })
    expect(row(/20240429\.v8/)).toHaveTextContent(/3\.3 GB.*In use by my-runtime, eval/)
    expect(within(row(/20240429\.v8/)).queryByRole('checkbox')).toBeNull()
    expect(row(/20240429\.v7/)).toHaveTextContent('Needed to go back for my-runtime')
    expect(row(/rag:3/)).toHaveTextContent(/Version 3 of rag.*Useful for rag/)
    expect(row(/old:1/)).toHaveTextContent(/an environment that is not here.*Nothing needs it/)
    expect(row(/Left by builds/)).toHaveTextContent('Build cache')
    expect(
      within(table).getByRole('checkbox', { name: `Remove ${REPOSITORY}:20240403.v2` }),
    ).toBeChecked()
    expect(
      within(table).getByRole('checkbox', { name: 'Remove localhost/promptflow-runtimes/rag:3' }),
    ).not.toBeChecked()
    expect(screen.getByText('Remove 3 images, about 3.7 GB')).toBeVisible()
    await expectAccessible()
  })

  it('removes what was chosen after asking, and tells what came of it', async () => {
    const { user, backend } = await disk({
      answers: {
        clean_disk: () => ({
          removed: 3,
          freed: 3 * 1024 ** 3,
          kept: ['old:1 is needed by now, so it stays.'],
        }),
      },
    })
    await user.click(
      await screen.findByRole('checkbox', { name: 'Remove localhost/promptflow-runtimes/rag:3' }),
    )
    expect(screen.getByText(/^Remove 4 images/)).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Clean up' }))
    expect(backend.requests('clean_disk')).toEqual([])
    const dialog = await screen.findByRole('dialog', { name: 'Clean up local' })
    expect(dialog).toHaveTextContent(/The next runtime or build of rag has to/)
    await expectAccessible()
    await user.click(within(dialog).getByRole('button', { name: 'Remove 4 images' }))
    const ids = diskView()
      .images.filter(({ proposed, names }) => proposed || names[0]?.endsWith('rag:3'))
      .map(({ id }) => id)
    expect(backend.requests('clean_disk')).toEqual([{ compute: 'local', images: ids }])
    expect(await screen.findByText('3 images were removed, 3 GB came free.')).toBeVisible()
    expect(screen.getByText('old:1 is needed by now, so it stays.')).toBeVisible()
    await waitFor(() => expect(backend.requests('disk')).toHaveLength(2))
  })

  it('removes nothing where nothing is chosen', async () => {
    const { user, backend } = await disk({
      answers: { disk: () => diskView({ images: [diskImage('a:1')] }) },
    })
    await user.click(await screen.findByRole('checkbox', { name: 'Remove a:1' }))
    expect(screen.getByText('No image is chosen.')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Clean up' }))
    expect(screen.queryByRole('dialog')).toBeNull()
    expect(backend.requests('clean_disk')).toEqual([])
  })

  it('says when every image is needed, and when there is none', async () => {
    const kept = diskImage('a:1', {
      need: { kind: 'inUse', by: ['x'] },
      mayGo: false,
      proposed: false,
    })
    const { user, backend } = await disk({
      answers: { disk: () => diskView({ images: [kept], free: null }) },
    })
    expect(await screen.findByText(/Every image is needed/)).toBeVisible()
    expect(screen.queryByRole('button', { name: 'Clean up' })).toBeNull()
    backend.world.answers = { disk: () => diskView({ images: [] }) }
    await user.click(screen.getByRole('button', { name: 'Refresh' }))
    expect(await screen.findByText('No images of this application')).toBeVisible()
    await expectAccessible()
  })

  it('says why it cannot be looked at, and why nothing was removed', async () => {
    const unreachable = () => {
      throw problem({ code: 'computeUnreachable', sentence: 'local is silent.', retry: true })
    }
    const { user, backend } = await disk({ answers: { disk: unreachable } })
    expect(await screen.findByText('local is silent.')).toBeVisible()
    backend.world.answers = { clean_disk: unreachable }
    await user.click(screen.getByRole('button', { name: 'Try again' }))
    await user.click(await screen.findByRole('button', { name: 'Clean up' }))
    const dialog = await screen.findByRole('dialog', { name: 'Clean up local' })
    await user.click(within(dialog).getByRole('button', { name: 'Remove 3 images' }))
    expect(await within(dialog).findByText('local is silent.')).toBeVisible()
  })
})
