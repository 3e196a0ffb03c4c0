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
    expect(row(/Left by builds/)).toHaveTextContent('Intermediate image')
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
    expect(backend.requests('clean_disk')).toEqual([
      { compute: 'local', images: ids, buildCache: false },
    ])
    expect(await screen.findByText('3 images were removed, 3 GB came free.')).toBeVisible()
    expect(screen.getByText('old:1 is needed by now, so it stays.')).toBeVisible()
    await waitFor(() => expect(backend.requests('disk')).toHaveLength(2))
  })

  it('removes nothing where nothing is chosen', async () => {
    const { user, backend } = await disk({
      answers: { disk: () => diskView({ images: [diskImage('a:1')] }) },
    })
    await user.click(await screen.findByRole('checkbox', { name: 'Remove a:1' }))
    expect(screen.getByText('Nothing is chosen.')).toBeVisible()
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
      answers: { disk: () => diskView({ images: [kept], free: null, buildCache: null }) },
    })
    expect(await screen.findByText(/Every image is needed/)).toBeVisible()
    expect(screen.queryByRole('button', { name: 'Clean up' })).toBeNull()
    backend.world.answers = { disk: () => diskView({ images: [], buildCache: null }) }
    await user.click(screen.getByRole('button', { name: 'Refresh' }))
    expect(await screen.findByText('No images of this application')).toBeVisible()
    await expectAccessible()
  })

  it('says in a narrow window under the name what needs each image', async () => {
    const wide = window.matchMedia
    window.matchMedia = (media) => ({ ...wide(media), matches: media === '(max-width: 1099px)' })
    try {
      await disk()
      const table = within(await screen.findByRole('table', { name: 'Images' }))
      expect(table.getAllByRole('columnheader')).toHaveLength(3)
      expect(table.queryByRole('columnheader', { name: 'Needed' })).toBeNull()
      const name = table.getByRole('rowheader', { name: /20240429\.v8/ })
      expect(name).toHaveTextContent(/In use by my-runtime, eval.*Image of runtimes · 20 days ago/)
      await expectAccessible()
    } finally {
      window.matchMedia = wide
    }
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

describe('the build cache', () => {
  const GB = 1024 ** 3
  const kept = diskImage('a:1', {
    need: { kind: 'inUse', by: ['x'] },
    mayGo: false,
    proposed: false,
  })
  const only = (images = [kept]) => ({
    answers: { disk: () => diskView({ images, buildCache: { size: 2 * GB, unused: GB } }) },
  })
  const clean = () => screen.findByRole('checkbox', { name: /^Clean the build cache/ })
  const region = () => screen.getByRole('region', { name: 'Build cache' })

  it('is told with what it is, and goes with the images when one chooses it', async () => {
    const { user, backend } = await disk()
    const choice = await clean()
    expect(choice).not.toBeChecked()
    expect(choice).toHaveAccessibleDescription(/so that the next one is quick.*of everybody on/)
    expect(region()).toHaveTextContent('6.2 GB')
    expect(region()).toHaveTextContent('5.5 GB of it can go')
    expect(screen.getByText('Remove 3 images, about 3.7 GB')).toBeVisible()
    await user.click(choice)
    expect(
      screen.getByText('Remove 3 images and clean the build cache, about 9.2 GB'),
    ).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Clean up' }))
    const dialog = within(await screen.findByRole('dialog', { name: 'Clean up local' }))
    expect(dialog.getByText(/The next builds .* take longer .* Nothing else is lost/)).toBeVisible()
    await expectAccessible()
    await user.click(dialog.getByRole('button', { name: 'Remove 3 images and the cache' }))
    await waitFor(() => expect(backend.requests('clean_disk')).toHaveLength(1))
    expect(backend.requests('clean_disk')[0]).toMatchObject({ compute: 'local', buildCache: true })
    expect(backend.requests('clean_disk')[0]?.images).toHaveLength(3)
    expect(
      await screen.findByText(
        '3 images were removed and the build cache was cleaned, 3 GB came free.',
      ),
    ).toBeVisible()
    // The next clean-up begins without it.
    expect(await clean()).not.toBeChecked()
  })

  it('is not spoken of while it stays', async () => {
    const { user } = await disk()
    await user.click(await screen.findByRole('button', { name: 'Clean up' }))
    const dialog = within(await screen.findByRole('dialog', { name: 'Clean up local' }))
    expect(dialog.queryByText(/take longer/)).toBeNull()
  })

  it.each([
    ['every image is needed', only(), 'Every image is needed. Only the build cache may go.'],
    ['there are no images of ours', only([]), 'Nothing is chosen.'],
  ])('can go alone where %s', async (_, world, before) => {
    const { user, backend } = await disk({
      ...world,
      answers: { ...world.answers, clean_disk: () => ({ removed: 0, freed: GB, kept: [] }) },
    })
    const choice = await clean()
    expect(screen.getByText(before)).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Clean up' }))
    expect(screen.queryByRole('dialog')).toBeNull()
    await user.click(choice)
    expect(screen.getByText('Clean the build cache, about 1 GB')).toBeVisible()
    await expectAccessible()
    await user.click(screen.getByRole('button', { name: 'Clean up' }))
    const dialog = within(await screen.findByRole('dialog', { name: 'Clean up local' }))
    await user.click(dialog.getByRole('button', { name: 'Clean the build cache' }))
    expect(await screen.findByText('The build cache was cleaned, 1 GB came free.')).toBeVisible()
    expect(backend.requests('clean_disk')).toEqual([
      { compute: 'local', images: [], buildCache: true },
    ])
  })

  it('says why nothing of it can go, and when some of it stayed', async () => {
    const { user, backend } = await disk({
      answers: { disk: () => diskView({ buildCache: { size: GB, unused: 0 } }) },
    })
    expect(await clean()).toBeDisabled()
    expect(await clean()).toHaveAccessibleDescription(/Builds use all of it just now/)
    backend.world.answers = {
      clean_disk: () => ({ removed: 1, freed: GB, kept: ['The build cache stays. It is busy.'] }),
    }
    await user.click(screen.getByRole('button', { name: 'Refresh' }))
    await waitFor(async () => expect(await clean()).toBeEnabled())
    await user.click(await clean())
    await user.click(screen.getByRole('button', { name: 'Clean up' }))
    await user.click(await screen.findByRole('button', { name: /^Remove 3 images and/ }))
    expect(await screen.findByText('1 image was removed, 1 GB came free.')).toBeVisible()
    expect(screen.getByText('The build cache stays. It is busy.')).toBeVisible()
  })

  it('is not there where the builder has none', async () => {
    await disk({ answers: { disk: () => diskView({ buildCache: null }) } })
    await screen.findByRole('button', { name: 'Clean up' })
    expect(screen.queryByRole('region', { name: 'Build cache' })).toBeNull()
  })
})
