import { screen, waitFor, within } from '@testing-library/react'
import { afterEach, describe, expect, it } from 'vitest'
import { adopted, foreign, foreignContainers } from '../../../testing/adoptFixtures'
import type { World } from '../../../testing/fakeBackend'
import { compute, problem, unreachable } from '../../../testing/fixtures'
import { expectAccessible, openAt } from '../../../testing/render'
import { wizardDraft } from '../draft'

afterEach(() => wizardDraft.forget())

async function existing(world: Partial<World> = {}) {
  const opened = await openAt('/runtimes/add', { runtimes: [], ...world })
  await opened.user.click(await screen.findByRole('radio', { name: 'Existing custom application' }))
  return opened
}

const others = () => within(screen.getByRole('list', { name: 'Cannot be adopted as they are' }))

describe('an existing custom application', () => {
  it('is a choice; a new one is what stands there', async () => {
    await openAt('/runtimes/add', { runtimes: [] })
    const group = screen.getByRole('radiogroup', { name: 'Custom application' })
    expect(within(group).getByRole('radio', { name: 'New custom application' })).toBeChecked()
    expect(screen.getByLabelText('Runtime name')).toBeVisible()
    expect(screen.getByRole('button', { name: 'Next' })).toBeVisible()
  })

  it('lists containers with whether each can be used and why not', async () => {
    await existing()
    const list = await screen.findByRole('radiogroup', { name: 'Can be adopted' })
    const first = within(list).getByRole('radio', { name: 'flows-by-hand' })
    expect(first).toHaveAccessibleDescription(
      /Prompt flow 1\.18\.5 answers at http:\/\/127\.0\.0\.1:18080\..*127\.0\.0\.1:18080 → 8080/,
    )
    const compose = within(list).getByRole('radio', { name: 'shop-flows-1' })
    expect(compose).toHaveAccessibleDescription(/need an Azure workspace/)
    expect(compose).toHaveAccessibleDescription(
      /Service flows of project shop\. Updates are Compose’s: this application will not replace it\./,
    )
    expect(compose).toHaveAccessibleDescription(/cannot be updated in place/)
    const rows = others().getAllByRole('listitem')
    expect(rows).toHaveLength(7)
    for (const sentence of [
      /A name has no spaces\./,
      /ended with exit code 137/,
      /^It answers at http:\/\/172\.17\.0\.2:8080, only from this machine and only until it is recreated\. Publish its port to use it here\.$/,
      /something listens at 127\.0\.0\.1:9000 instead/,
      /It is paused/,
      /did not answer within 3 s/,
      /Welcome to nginx/,
    ]) {
      expect(others().getByText(sentence)).toBeVisible()
    }
    expect(screen.getByText(/kept by its id and name, in this application only/)).toBeVisible()
    expect(screen.queryByLabelText('Runtime name')).toBeNull()
    expect(screen.queryByRole('button', { name: 'Next' })).toBeNull()
    await expectAccessible()
  })

  it('is adopted as it is, and its page is opened', async () => {
    const { user, backend, address } = await existing({
      answers: { adopt_container: () => ({ runtime: 'adopted' }) },
    })
    await user.click(await screen.findByRole('radio', { name: 'flows-by-hand' }))
    const summary = screen.getByRole('complementary', { name: 'Summary' })
    expect(summary).toHaveTextContent(/flows-by-hand.*on local.*http:\/\/127\.0\.0\.1:18080/)
    await user.click(screen.getByRole('button', { name: 'Adopt' }))
    expect(backend.requests('adopt_container')).toEqual([
      { compute: 'local', container: 'container-flows-by-hand' },
    ])
    expect(backend.requests('create_runtime')).toEqual([])
    backend.tell({ kind: 'runtimes', changed: [adopted()], removed: [] })
    await waitFor(() => expect(address()).toBe('/runtimes/adopted'))
    expect(await screen.findByRole('heading', { level: 1, name: 'flows-by-hand' })).toBeVisible()
  })

  it('is chosen by the keyboard alone, and Enter adopts it', async () => {
    const { user, backend } = await openAt('/runtimes/add', { runtimes: [] })
    await waitFor(() => expect(screen.getByLabelText('Runtime name')).toHaveFocus())
    await user.tab({ shift: true })
    expect(screen.getByRole('radio', { name: 'New custom application' })).toHaveFocus()
    await user.keyboard('{ArrowDown}')
    const chosen = screen.getByRole('radio', { name: 'Existing custom application' })
    expect(chosen).toHaveFocus()
    const first = await screen.findByRole('radio', { name: 'flows-by-hand' })
    await user.tab()
    expect(screen.getByRole('combobox', { name: 'Compute' })).toHaveFocus()
    await user.tab()
    expect(screen.getByRole('button', { name: 'Refresh' })).toHaveFocus()
    await user.tab()
    expect(first).toHaveFocus()
    await user.keyboard(' {Enter}')
    await waitFor(() => expect(backend.requests('adopt_container')).toHaveLength(1))
  })

  it('has to be chosen first', async () => {
    const { user, backend } = await existing()
    await screen.findByRole('radio', { name: 'flows-by-hand' })
    await user.click(screen.getByRole('button', { name: 'Adopt' }))
    expect(screen.getAllByText('Choose a container first.').length).toBeGreaterThan(0)
    expect(screen.getByRole('radio', { name: 'flows-by-hand' })).toHaveFocus()
    expect(backend.requests('adopt_container')).toEqual([])
  })

  it('that was refused says why, and the list is read again', async () => {
    const { user, backend } = await existing({
      answers: {
        adopt_container: () => {
          throw problem({
            code: 'noService',
            sentence: 'flows-by-hand cannot be used as a runtime as it is now. Nothing was done.',
            retry: true,
          })
        },
      },
    })
    await user.click(await screen.findByRole('radio', { name: 'flows-by-hand' }))
    await user.click(screen.getByRole('button', { name: 'Adopt' }))
    expect(await screen.findByText(/Nothing was done\./)).toBeVisible()
    backend.world.answers = {
      foreign_containers: () => ({
        containers: [foreign('flows-by-hand', { kind: 'nothingListens', elsewhere: [] })],
      }),
    }
    await user.click(screen.getByRole('button', { name: 'Refresh' }))
    expect(await screen.findByText(/Nothing listens inside\./)).toBeVisible()
    expect(screen.queryByRole('radio', { name: 'flows-by-hand' })).toBeNull()
    expect(screen.queryByText(/Nothing was done\./)).toBeNull()
    await user.click(screen.getByRole('button', { name: 'Adopt' }))
    expect(screen.getByText(/There is no container that can be adopted/)).toBeVisible()
  })

  it('is nowhere where there are no other containers', async () => {
    await existing({ answers: { foreign_containers: () => ({ containers: [] }) } })
    expect(await screen.findByText('No other containers')).toBeVisible()
    await expectAccessible()
  })

  it('cannot be looked for on a compute that is not connected', async () => {
    await existing({
      runtimes: foreignContainers().map(({ name }) => adopted({ id: name, name })),
      computes: [unreachable],
    })
    expect(screen.getByText(/Choose a compute that is connected/)).toBeVisible()
    expect(screen.getByRole('link', { name: 'See computes' })).toBeVisible()
  })

  it('says why containers cannot be listed', async () => {
    const { user, backend } = await existing({
      computes: [compute()],
      answers: {
        foreign_containers: () => {
          throw problem({ code: 'engine', sentence: 'The engine refused.', retry: true })
        },
      },
    })
    expect(await screen.findByText('The engine refused.')).toBeVisible()
    backend.world.answers = {}
    await user.click(screen.getByRole('button', { name: 'Try again' }))
    expect(await screen.findByRole('radio', { name: 'flows-by-hand' })).toBeEnabled()
  })
})
