import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { EnvironmentView } from '../../backend/types'
import {
  buildOperation,
  buildPreview,
  environment,
  environmentVersion,
  failedBuild,
  rag,
  withLogin,
  withNewerBase,
  withSecrets,
} from '../../testing/environmentFixtures'
import { compute, problem } from '../../testing/fixtures'
import { expectAccessible, openAt } from '../../testing/render'

const of = (one: EnvironmentView, query = '') => `/environments/${one.id}${query}`

describe('the page of an environment', () => {
  it('tells what it is made from and its newest version', async () => {
    await openAt(of(rag()))
    expect(await screen.findByRole('heading', { level: 1, name: 'rag' })).toBeVisible()
    expect(screen.getByText('Retrieval flows with langchain and faiss.')).toBeVisible()
    const definition = screen.getByRole('region', { name: 'Definition' })
    expect(definition).toHaveTextContent('python:3.11-slim')
    expect(definition).toHaveTextContent('langchain==0.3.7')
    expect(screen.getByRole('region', { name: 'Newest version' })).toHaveTextContent('142')
    await expectAccessible()
  })

  it('says which secrets have a value, and leads to where one is entered', async () => {
    const { user, address } = await openAt(of(withSecrets()), { environments: [withSecrets()] })
    const definition = within(await screen.findByRole('region', { name: 'Definition' }))
    expect(definition.getByText('pip').parentElement).toHaveTextContent('pipkept in the keyring')
    expect(definition.getByText('npm-token').parentElement).toHaveTextContent(
      'npm-tokenvalue missingEnter it',
    )
    expect(definition.getAllByText('kept in the keyring')).toHaveLength(1)
    await expectAccessible()
    await user.click(definition.getByRole('link', { name: 'Enter it: npm-token' }))
    expect(address()).toBe('/environments/environment-private-packages/edit?secret=npm-token')
    await waitFor(() => expect(screen.getByLabelText('Value of secret 2')).toHaveFocus())
  })

  it('says whether the password for the package index is there', async () => {
    const missing = withLogin({ secrets: [{ id: 'index', kept: false }] })
    const { user } = await openAt(of(missing), { environments: [missing] })
    const definition = within(await screen.findByRole('region', { name: 'Definition' }))
    expect(definition.getByText('ann')).toBeVisible()
    expect(definition.getByText('value missing')).toBeVisible()
    await user.click(definition.getByRole('link', { name: 'Enter it: Index password' }))
    await waitFor(() => expect(screen.getByLabelText('Password or token')).toHaveFocus())
  })

  it('leads to the runtimes that run an older version', async () => {
    const { user, address } = await openAt(of(rag()))
    expect(await screen.findByText('Version 3 is ready.')).toBeVisible()
    expect(screen.getByText(/1 runtime runs an older version/)).toBeVisible()
    await user.click(screen.getByRole('link', { name: /^Update / }))
    expect(address()).toMatch(/\?update=open$/)
  })

  it('offers to rebuild on a newer base', async () => {
    const { user, backend } = await openAt(of(withNewerBase))
    expect(await screen.findByText('A newer base is available')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Rebuild on newest base' }))
    const dialog = within(await screen.findByRole('dialog', { name: 'Build environment' }))
    expect(dialog.getByRole('checkbox', { name: 'On the newest base' })).toBeChecked()
    await waitFor(() =>
      expect(backend.requests('preview_build')).toContainEqual({
        environment: withNewerBase.id,
        compute: 'local',
        newestBase: true,
      }),
    )
  })

  it('asks for newer bases, and tells when there is none', async () => {
    const { user, backend } = await openAt(of(rag()))
    await user.click(await screen.findByRole('button', { name: 'More actions' }))
    await user.click(await screen.findByRole('menuitem', { name: 'Check for newer bases' }))
    expect(await screen.findByText('No newer base of rag is known')).toBeVisible()
    expect(backend.requests('check_bases')).toEqual([{ environment: rag().id }])
  })

  it('explains what it means to own the Dockerfile', async () => {
    const { user, backend } = await openAt(of(rag()))
    await user.click(await screen.findByRole('button', { name: 'More actions' }))
    await user.click(await screen.findByRole('menuitem', { name: 'Make the Dockerfile my own' }))
    const dialog = within(await screen.findByRole('dialog'))
    expect(dialog.getByText(/cannot be taken back/)).toBeVisible()
    await user.click(dialog.getByRole('button', { name: 'Make it my own' }))
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect(backend.requests('take_over_dockerfile')).toHaveLength(1)
  })

  it('tells what is wrong with a definition that was edited by hand', async () => {
    await openAt('/environments/environment-edited-by-hand')
    expect(await screen.findByText(/is not the name of an image/)).toBeVisible()
    await expectAccessible()
  })

  it('says so when there is no such environment', async () => {
    await openAt('/environments/nowhere')
    expect(await screen.findByText('There is no such environment')).toBeVisible()
  })
})

describe('its versions', () => {
  it('are compared with the one before, and lead on', async () => {
    const { user, address } = await openAt(of(rag(), '?tab=versions'))
    const table = within(await screen.findByRole('table', { name: 'Versions' }))
    expect(table.getAllByRole('row')).toHaveLength(4)
    const newest = within(screen.getByRole('region', { name: 'Version 3' }))
    expect(await newest.findByText('5 of 9, shared with version 2')).toBeVisible()
    await user.click(newest.getByRole('button', { name: '3 packages differ' }))
    expect(newest.getByRole('rowheader', { name: 'faiss-cpu' })).toBeVisible()
    await user.type(newest.getByRole('searchbox', { name: 'Search packages' }), 'package-007')
    expect(newest.getByText('1 package')).toBeVisible()
    await user.click(newest.getByRole('button', { name: 'Requirements as installed' }))
    expect(newest.getByRole('button', { name: 'Copy Requirements as installed' })).toBeVisible()
    await expectAccessible()
    await user.click(table.getByRole('link', { name: 'Version 1' }))
    const first = within(await screen.findByRole('region', { name: 'Version 1' }))
    expect(await first.findByText(/the first version on its compute/)).toBeVisible()
    await user.click(first.getByRole('button', { name: 'Show log' }))
    expect(address()).toBe('/environments/environment-rag?tab=build&operation=build-1')
    expect(await screen.findByRole('log', { name: 'Log of the build of rag' })).toBeVisible()
    expect(screen.getByRole('button', { name: 'Show the newest build' })).toBeVisible()
  })

  it('are what a runtime is made from', async () => {
    const { user, address } = await openAt(of(rag(), '?tab=versions&version=2'))
    const version = within(await screen.findByRole('region', { name: 'Version 2' }))
    expect(version.getByText('Kept to go back to by')).toBeVisible()
    await user.click(version.getByRole('button', { name: 'Add runtime' }))
    expect(address()).toBe('/runtimes/add?environment=environment-rag&version=2')
  })

  it('are built exactly again', async () => {
    const { user, backend } = await openAt(of(rag(), '?tab=versions&version=2'))
    const version = within(await screen.findByRole('region', { name: 'Version 2' }))
    await user.click(version.getByRole('button', { name: 'Build exactly this again' }))
    const dialog = within(
      await screen.findByRole('dialog', { name: 'Build version 2 exactly again' }),
    )
    expect(dialog.queryByRole('checkbox', { name: 'On the newest base' })).toBeNull()
    await user.click(dialog.getByRole('button', { name: 'Build' }))
    await waitFor(() => expect(backend.requests('build_environment')).toHaveLength(1))
    expect(backend.requests('build_environment')[0]).toMatchObject({ exactly: 2 })
  })
})

describe('a build', () => {
  it('is decided with what it would do on screen', async () => {
    const second = compute({ id: 'gpu', name: 'gpu-box' })
    const { user, backend, address } = await openAt(of(rag(), '?build=open'), {
      computes: [second, compute()],
      answers: {
        preview_build: () =>
          buildPreview({
            changes: [{ line: 1, from: 'FROM python:3.11-slim', to: 'FROM python:3.12-slim' }],
          }),
      },
    })
    const dialog = within(await screen.findByRole('dialog', { name: 'Build environment' }))
    expect(dialog.getByRole('combobox', { name: 'Compute' })).toHaveTextContent('local')
    expect(await dialog.findByRole('region', { name: 'Version 4' })).toBeVisible()
    expect(dialog.getByText('11aa22bb11aa → 99ff88ee99ff')).toBeVisible()
    expect(dialog.getByText('46 MB to download')).toBeVisible()
    expect(dialog.getByText('12 files, 3.4 MB')).toBeVisible()
    expect(dialog.getByText(/4 files and folders are left out/)).toBeVisible()
    expect(dialog.getByText(/faiss-cpu has no version/)).toBeVisible()
    expect(
      within(dialog.getByRole('table', { name: 'Changed lines' })).getByText(
        'FROM python:3.12-slim',
      ),
    ).toBeVisible()
    await expectAccessible()
    await user.click(dialog.getByRole('combobox', { name: 'Compute' }))
    await user.click(await screen.findByRole('option', { name: 'gpu-box' }))
    await user.click(dialog.getByRole('checkbox', { name: 'Use nothing of earlier builds' }))
    await user.click(dialog.getByRole('button', { name: 'Build' }))
    await waitFor(() => expect(address()).toBe('/environments/environment-rag?tab=build'))
    expect(backend.requests('build_environment')).toEqual([
      {
        environment: 'environment-rag',
        compute: 'gpu',
        newestBase: false,
        noCache: true,
        exactly: null,
        update: [],
      },
    ])
  })

  it('does not begin while something stands in the way', async () => {
    const { user, backend } = await openAt(of(rag(), '?build=open'), {
      answers: {
        preview_build: () =>
          buildPreview({
            problems: [problem({ code: 'diskFull', sentence: 'The disk is full.' })],
          }),
      },
    })
    const dialog = within(await screen.findByRole('dialog'))
    expect(await dialog.findByText('The disk is full.')).toBeVisible()
    await user.click(dialog.getByRole('button', { name: 'Build' }))
    expect(backend.requests('build_environment')).toEqual([])
  })

  it('shows its steps and log live, is cancelled, and tells why it failed', async () => {
    const building = environment({
      name: 'building',
      versions: [environmentVersion()],
      operation: 'operation-build',
    })
    const { user, backend } = await openAt(of(building, '?tab=build'), {
      environments: [building],
      operations: [buildOperation()],
    })
    const steps = within(await screen.findByRole('list', { name: 'What the builder does' }))
    expect(steps.getAllByRole('listitem')).toHaveLength(3)
    expect(steps.getByText('Was built before')).toBeVisible()
    expect(steps.getByText('RUN pip install -r /tmp/requirements.txt')).toBeVisible()
    expect(screen.getByText('3 of 7 steps')).toBeVisible()
    const log = await screen.findByRole('log', { name: 'Log of the build of building' })
    expect(within(log).getByText(/Collecting langchain/)).toBeVisible()
    expect(backend.calls.find(({ command }) => command === 'open_log')?.request).toEqual({
      of: { kind: 'build', operation: 'operation-build' },
    })
    expect(screen.queryByRole('button', { name: 'Build' })).toBeNull()
    await expectAccessible()
    await user.click(screen.getByRole('button', { name: 'Cancel' }))
    expect(backend.requests('cancel_operation')).toEqual([{ operation: 'operation-build' }])
    backend.tell({ kind: 'operation', operation: failedBuild({ id: 'operation-build' }) })
    const why = within(await screen.findByRole('group', { name: 'The image was not built' }))
    expect(why.getByText('2: fais-cpu')).toBeVisible()
    expect(why.getByText(/Step 3: RUN pip install/)).toBeVisible()
    await expectAccessible()
    await user.click(why.getByRole('button', { name: 'Try again' }))
    expect(await screen.findByRole('dialog', { name: 'Build environment' })).toBeVisible()
  })

  it('is told at the bottom of every page, with the way to it', async () => {
    const { user, address } = await openAt('/runtimes', { operations: [buildOperation()] })
    const strip = await screen.findByRole('region', { name: 'Running operations' })
    expect(strip).toHaveTextContent('Building building · building · step 3 of 7')
    await user.click(within(strip).getByRole('link', { name: 'View' }))
    expect(address()).toBe('/environments/environment-building?tab=build')
  })

  it('is kept in the history', async () => {
    await openAt(of(rag(), '?tab=history'))
    const list = within(await screen.findByRole('list', { name: 'Operations' }))
    expect(list.getByText('Version 2 → 3')).toBeVisible()
    expect(list.getByText('Version 1')).toBeVisible()
    await expectAccessible()
  })

  it('that there is none of yet says what will be here', async () => {
    const fresh = environment({ name: 'fresh' })
    await openAt(of(fresh, '?tab=build'), { environments: [fresh] })
    expect(await screen.findByText('Nothing was built yet')).toBeVisible()
  })
})
