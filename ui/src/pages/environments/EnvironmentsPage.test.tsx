import { screen, waitFor, within } from '@testing-library/react'
import { afterEach, describe, expect, it } from 'vitest'
import { buildOperation, environments, rag } from '../../testing/environmentFixtures'
import { problem } from '../../testing/fixtures'
import { expectAccessible, openAt } from '../../testing/render'
import { startView, view } from './view'

const names = () =>
  within(screen.getByRole('table', { name: 'Environments' }))
    .getAllByRole('rowheader')
    .map((cell) => cell.textContent)

const rowOf = (name: string) =>
  screen.getByRole('link', { name }).closest('tr') as HTMLTableRowElement

const menuOf = async (user: Awaited<ReturnType<typeof openAt>>['user'], name: string) => {
  await user.click(await screen.findByRole('button', { name: `Actions for ${name}` }))
  return within(await screen.findByRole('menu'))
}

afterEach(() => view.set(startView))

describe('the list of environments', () => {
  it('tells of each what it is, its newest version and how it stands', async () => {
    await openAt('/environments', { operations: [buildOperation()] })
    await screen.findByRole('table', { name: 'Environments' })
    const row = rowOf('rag')
    for (const words of ['Packages', '3.11.2', '1.18.1', '1.1 GB', '2', 'Ready']) {
      expect(within(row).getAllByText(words).length).toBeGreaterThan(0)
    }
    expect(rowOf('building')).toHaveTextContent('Building')
    expect(rowOf('summaries')).toHaveTextContent('Newer base')
    expect(rowOf('team-image')).toHaveTextContent('Not built yet')
    expect(rowOf('edited-by-hand')).toHaveTextContent('Needs attention')
    await expectAccessible()
  })

  it('is searched and sorted', async () => {
    const { user } = await openAt('/environments')
    await screen.findByRole('table', { name: 'Environments' })
    expect(names()[0]).toBe('building')
    await user.click(screen.getByRole('button', { name: 'Name' }))
    expect(names()[0]).toBe('team-image')
    await user.type(screen.getByRole('searchbox', { name: 'Search environments' }), 'langchain rag')
    expect(names()).toEqual(['rag'])
    await user.type(screen.getByRole('searchbox', { name: 'Search environments' }), ' nothing')
    expect(await screen.findByText('No environment matches')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Show all environments' }))
    expect(names().length).toBeGreaterThan(1)
  })

  it('says what an environment is while there is none', async () => {
    const { user, address } = await openAt('/environments', { environments: [] })
    expect(await screen.findByText('No environments yet')).toBeVisible()
    expect(screen.getByRole('button', { name: 'Import folder' })).toBeVisible()
    await expectAccessible()
    await user.click(screen.getByRole('button', { name: 'Add environment' }))
    expect(address()).toBe('/environments/add')
  })

  it('tells of folders that cannot be read', async () => {
    await openAt('/environments', { unreadable: environments().unreadable })
    expect(await screen.findByText(/environments\/old$/)).toBeVisible()
    expect(screen.getByText(/line 3 is no YAML/)).toBeVisible()
  })

  it('tells why it could not be read, and asks again', async () => {
    const { user, backend } = await openAt('/environments', {
      answers: {
        list_environments: () => {
          throw problem({ code: 'storage', sentence: 'The folder cannot be read.', retry: true })
        },
      },
    })
    expect(await screen.findByText('The folder cannot be read.')).toBeVisible()
    delete backend.world.answers.list_environments
    await user.click(screen.getByRole('button', { name: 'Try again' }))
    expect(await screen.findByRole('table', { name: 'Environments' })).toBeVisible()
  })

  it('is asked again when environments change', async () => {
    const { backend } = await openAt('/environments', { environments: [] })
    await screen.findByText('No environments yet')
    backend.world.environments = [rag()]
    backend.tell({ kind: 'environments' })
    expect(await screen.findByRole('link', { name: 'rag' })).toBeVisible()
  })

  it('leads to building and editing by the menu of each row', async () => {
    const { user, address } = await openAt('/environments')
    const menu = await menuOf(user, 'rag')
    await user.click(menu.getByRole('menuitem', { name: 'Build' }))
    expect(address()).toBe('/environments/environment-rag?build=open')
  })

  it('duplicates under a name of its own', async () => {
    const { user, backend, address } = await openAt('/environments')
    const menu = await menuOf(user, 'rag')
    await user.click(menu.getByRole('menuitem', { name: 'Duplicate' }))
    const dialog = within(await screen.findByRole('dialog', { name: 'Duplicate environment' }))
    const field = dialog.getByRole('textbox', { name: 'Name' })
    expect(field).toHaveValue('rag-2')
    await expectAccessible()
    backend.world.answers.duplicate_environment = () => {
      throw problem({ code: 'invalidInput', field: 'name', sentence: 'There is one called so.' })
    }
    await user.click(dialog.getByRole('button', { name: 'Duplicate' }))
    expect(await dialog.findByText('There is one called so.')).toBeVisible()
    delete backend.world.answers.duplicate_environment
    await user.clear(field)
    await user.type(field, 'rag-new{Enter}')
    await waitFor(() => expect(address()).toBe('/environments/environment-rag-new'))
    expect(await screen.findByRole('heading', { level: 1, name: 'rag-new' })).toBeVisible()
  })

  it('deletes after the consequence was said, and refuses while runtimes use it', async () => {
    const { user, backend } = await openAt('/environments')
    const used = await menuOf(user, 'rag')
    await user.click(used.getByRole('menuitem', { name: 'Delete' }))
    const refused = within(await screen.findByRole('alertdialog'))
    expect(refused.getByText(/cannot be deleted while runtimes are made from it/)).toBeVisible()
    expect(refused.getByRole('link', { name: 'my-runtime' })).toBeVisible()
    expect(refused.queryByRole('button', { name: 'Delete environment' })).toBeNull()
    await expectAccessible()
    await user.click(refused.getByRole('button', { name: 'Close' }))
    const free = await menuOf(user, 'summaries')
    await user.click(free.getByRole('menuitem', { name: 'Delete' }))
    const dialog = within(await screen.findByRole('alertdialog', { name: 'Delete environment' }))
    expect(dialog.getByText(/moved aside rather than removed/)).toBeVisible()
    await user.click(
      dialog.getByRole('checkbox', { name: 'Remove the images of its versions too' }),
    )
    backend.world.answers.delete_environment = () => {
      throw problem({ code: 'busy', sentence: 'nightly is made from it.' })
    }
    await user.click(dialog.getByRole('button', { name: 'Delete environment' }))
    expect(await dialog.findByText('nightly is made from it.')).toBeVisible()
    delete backend.world.answers.delete_environment
    await user.click(dialog.getByRole('button', { name: 'Delete environment' }))
    await waitFor(() => expect(screen.queryByRole('link', { name: 'summaries' })).toBeNull())
    expect(backend.requests('delete_environment').at(-1)).toEqual({
      environment: 'environment-summaries',
      removeImages: true,
    })
  })

  it('imports a folder and tells what was understood of it', async () => {
    const { user, backend, address } = await openAt('/environments')
    await user.click(await screen.findByRole('button', { name: 'Import folder' }))
    const dialog = within(await screen.findByRole('dialog'))
    backend.world.answers.import_environment = () => {
      throw problem({ code: 'invalidInput', field: 'folder', sentence: 'Give the whole path.' })
    }
    await user.type(dialog.getByRole('textbox', { name: 'Folder' }), 'x{Enter}')
    expect(await dialog.findByText('Give the whole path.')).toBeVisible()
    delete backend.world.answers.import_environment
    await user.clear(dialog.getByRole('textbox', { name: 'Folder' }))
    await user.type(dialog.getByRole('textbox', { name: 'Folder' }), '/home/anna/env{Enter}')
    expect(await dialog.findByText('The folder was imported')).toBeVisible()
    expect(dialog.getByRole('region', { name: 'Understood' })).toHaveTextContent('image_build')
    expect(dialog.getByRole('region', { name: 'Left out' })).toHaveTextContent('readiness')
    await expectAccessible()
    expect(backend.requests('import_environment').at(-1)).toEqual({
      folder: '/home/anna/env',
      name: '',
    })
    await user.click(dialog.getByRole('button', { name: 'Open' }))
    await waitFor(() => expect(address()).toBe('/environments/environment-building'))
  })
})
