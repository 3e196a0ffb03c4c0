import { act, screen, waitFor, within } from '@testing-library/react'
import { afterEach, describe, expect, it } from 'vitest'
import type { DraftCheck, OfDraft, Operation, VersionChoices } from '../../backend/types'
import type { World } from '../../testing/fakeBackend'
import { operation, portTaken, problem, REPOSITORY } from '../../testing/fixtures'
import { expectAccessible, openAt } from '../../testing/render'
import { wizardDraft } from './draft'

afterEach(() => wizardDraft.forget())

const PROPOSED = 'runtime20261124t1417'

/** A pretended application that refuses some drafts as the real one does. */
function check({ draft }: OfDraft): DraftCheck {
  const refused = (field: string, sentence: string) =>
    problem({ code: 'invalidInput', field, sentence })
  return {
    problems: [
      ...(draft.name === 'taken' ? [refused('name', 'A container called taken exists.')] : []),
      ...(draft.hostPort === 80 ? [refused('hostPort', 'Port 80 is taken by "nginx".')] : []),
      ...draft.variables.flatMap(({ name, confirmed }, at) => [
        ...(name.includes(' ') ? [refused(`variables.${at}`, 'A name has no spaces.')] : []),
        ...(name.endsWith('KEY') && !confirmed
          ? [refused(`variables.${at}`, `${name} looks like a key.`)]
          : []),
      ]),
      ...(draft.healthPath && !draft.healthPath.startsWith('/')
        ? [refused('healthPath', 'The health path starts with "/".')]
        : []),
    ],
  }
}

async function wizard(world: Partial<World> = {}) {
  const opened = await openAt('/runtimes/add', {
    runtimes: [],
    ...world,
    answers: { check_draft: check, ...world.answers },
  })
  await waitFor(() => expect(screen.getByLabelText('Runtime name')).toHaveValue(PROPOSED))
  await waitFor(() => expect(screen.getByLabelText('Runtime name')).toHaveFocus())
  const goTo = async (step: string) => {
    await opened.user.click(screen.getByRole('button', { name: 'Next' }))
    await screen.findByRole('heading', { level: 2, name: step })
  }
  return { ...opened, goTo }
}

const running = (parts: Partial<Operation> = {}) =>
  operation({
    id: 'operation-started',
    kind: 'create',
    runtime: 'new-one',
    name: PROPOSED,
    from: null,
    ...parts,
  })

describe('adding a runtime', () => {
  it('needs nothing but Enter four times', async () => {
    const { user, backend, address } = await wizard()
    for (const step of ['Environment', 'Settings', 'Review']) {
      await user.keyboard('{Enter}')
      await screen.findByRole('heading', { level: 2, name: step })
      expect(
        within(screen.getByRole('navigation', { name: 'Steps' }))
          .getByText(step)
          .closest('li'),
      ).toHaveAttribute('aria-current', 'step')
    }
    await waitFor(() => expect(screen.getByRole('button', { name: 'Create' })).toHaveFocus())
    await user.keyboard('{Enter}')
    await waitFor(() => expect(address()).toBe('/runtimes/add?operation=operation-started'))
    expect(backend.requests('create_runtime')).toMatchObject([
      {
        compute: 'local',
        draft: {
          name: PROPOSED,
          hostPort: 18091,
          bindAddress: '127.0.0.1',
          environment: { kind: 'default', repository: null, version: null },
        },
      },
    ])
  })

  it('is accessible at each step', async () => {
    const { goTo } = await wizard()
    await expectAccessible()
    for (const step of ['Environment', 'Settings', 'Review']) {
      await goTo(step)
      await expectAccessible()
    }
  })

  it('says under the field what is wrong as one types, and Next goes there', async () => {
    const { user } = await wizard()
    const name = screen.getByLabelText('Runtime name')
    await user.clear(name)
    await user.type(name, 'taken')
    expect(await screen.findByText('A container called taken exists.')).toBeVisible()
    const next = screen.getByRole('button', { name: 'Next' })
    expect(next).toBeEnabled()
    await user.click(next)
    await waitFor(() => expect(name).toHaveFocus())
    expect(screen.getByText('1 field needs a change before this goes on.')).toBeVisible()
    expect(screen.getByRole('heading', { level: 2, name: 'Name and compute' })).toBeVisible()
    await user.clear(name)
    await user.type(name, 'free{Enter}')
    expect(await screen.findByRole('heading', { level: 2, name: 'Environment' })).toBeVisible()
  })

  it('opens Advanced for a bad field that is folded away there', async () => {
    const { user, goTo } = await wizard()
    await goTo('Environment')
    await goTo('Settings')
    const advanced = screen.getByRole('button', { name: 'Advanced' })
    await user.click(advanced)
    await user.type(screen.getByLabelText('Health path'), 'health')
    await user.click(advanced)
    await user.click(screen.getByRole('button', { name: 'Next' }))
    await waitFor(() => expect(screen.getByLabelText('Health path')).toHaveFocus())
    expect(await screen.findByText('The health path starts with "/".')).toBeVisible()
  })

  it('offers to confirm a variable only where that would help, and forgets it on a change', async () => {
    const { user, goTo } = await wizard()
    await goTo('Environment')
    await goTo('Settings')
    await user.click(screen.getByRole('button', { name: 'Add variable' }))
    const name = screen.getByLabelText('Name of variable 1')
    await user.type(name, 'BAD NAME')
    expect(await screen.findByText('A name has no spaces.')).toBeVisible()
    expect(screen.queryByRole('checkbox', { name: /looks like a key/ })).toBeNull()
    await user.clear(name)
    await user.type(name, 'OPENAI_KEY')
    const confirm = await screen.findByRole('checkbox', { name: /looks like a key/ })
    await user.click(confirm)
    await waitFor(() => expect(screen.queryByText('OPENAI_KEY looks like a key.')).toBeNull())
    const value = screen.getByLabelText('Value of variable 1')
    expect(value).toHaveAttribute('type', 'password')
    await user.type(value, 'x')
    expect(await screen.findByText('OPENAI_KEY looks like a key.')).toBeVisible()
  })

  it('asks to confirm an address that others can reach', async () => {
    const { user, goTo, backend } = await wizard()
    await goTo('Environment')
    await goTo('Settings')
    const address = screen.getByRole('combobox', { name: 'Bind address' })
    await user.clear(address)
    await user.type(address, '0.0.0.0')
    await user.keyboard('{Escape}')
    await user.click(screen.getByRole('button', { name: 'Next' }))
    const confirm = screen.getByRole('checkbox', { name: /reachable by others/ })
    await waitFor(() => expect(confirm).toHaveFocus())
    await user.click(confirm)
    await goTo('Review')
    expect(screen.getByText(/can run code in it/)).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Create' }))
    await waitFor(() => expect(backend.requests('create_runtime')).toHaveLength(1))
    expect(backend.requests('create_runtime')[0]?.draft).toMatchObject({
      bindAddress: '0.0.0.0',
      confirmedExposure: true,
    })
  })

  it('does not create when a check did not pass, and leads to the field that mends it', async () => {
    const { user, goTo, backend } = await wizard({
      answers: {
        preflight: ({ draft }) => ({
          checks: [
            draft.hostPort === 18082
              ? { kind: 'port', state: 'good', sentence: 'Port 18082 is free.', problem: null }
              : {
                  kind: 'port',
                  state: 'failed',
                  sentence: 'Port 18091 is taken.',
                  problem: problem({ code: 'portTaken', finding: portTaken }),
                },
          ],
          canCreate: draft.hostPort === 18082,
          image: '20240429.v10',
          downloadSize: 0,
        }),
      },
    })
    for (const step of ['Environment', 'Settings', 'Review']) await goTo(step)
    await user.click(screen.getByRole('button', { name: 'Create' }))
    expect(await screen.findByText(/a check did not pass/)).toBeVisible()
    expect(backend.requests('create_runtime')).toEqual([])
    expect(screen.getByText('Port 18091 is taken.').closest('li')).toHaveFocus()
    await user.click(screen.getByRole('button', { name: 'Use port 18082' }))
    await waitFor(() => expect(screen.getByLabelText('Published port')).toHaveFocus())
    expect(screen.getByLabelText('Published port')).toHaveValue('18082')
    await goTo('Review')
    await screen.findByText('Port 18082 is free.')
    await user.click(screen.getByRole('button', { name: 'Create' }))
    await waitFor(() => expect(backend.requests('create_runtime')).toHaveLength(1))
  })

  it('waits for the checks that Create was pressed too early for', async () => {
    let answer: (() => void) | undefined
    const { user, goTo, backend } = await wizard({
      answers: {
        preflight: () =>
          new Promise((resolve) => {
            answer = () => resolve({ checks: [], canCreate: true, image: null, downloadSize: null })
          }),
      },
    })
    for (const step of ['Environment', 'Settings', 'Review']) await goTo(step)
    await user.click(screen.getByRole('button', { name: 'Create' }))
    expect(await screen.findByText('Checking first, then creating')).toBeVisible()
    expect(backend.requests('create_runtime')).toEqual([])
    act(() => answer?.())
    await waitFor(() => expect(backend.requests('create_runtime')).toHaveLength(1))
    expect(backend.requests('preflight')).toHaveLength(1)
  })
})

describe('the environment', () => {
  const unreachable = (repository: string): VersionChoices => ({
    repository,
    versions: [],
    newest: null,
    onlyLatest: false,
    newestDownloadSize: null,
    problem: problem({
      code: 'registryUnreachable',
      sentence: 'The registry mcr.microsoft.com cannot be reached.',
      retry: true,
    }),
  })

  it('leads from an unreachable repository to a mirror typed in place', async () => {
    const { user, goTo, backend } = await wizard({
      answers: {
        list_versions: ({ repository }) =>
          repository === 'mirror.example.com/runtime'
            ? {
                ...unreachable(repository),
                problem: null,
                newest: '20240429.v9',
                versions: [{ version: '20240429.v9', ageInDays: 12, facts: null }],
                newestDownloadSize: 0,
              }
            : unreachable(REPOSITORY),
      },
    })
    await goTo('Environment')
    expect(await screen.findByText(/cannot be reached\.$/)).toBeVisible()
    expect(screen.getByRole('button', { name: 'Use an image instead' })).toBeVisible()
    await user.type(screen.getByLabelText('Repository'), 'mirror.example.com/runtime{Enter}')
    expect(await screen.findByText('Nothing to download, all layers are there')).toBeVisible()
    expect(screen.getByText('No facts known of this version.')).toBeVisible()
    expect(screen.getByRole('heading', { level: 2, name: 'Environment' })).toBeVisible()
    for (const step of ['Settings', 'Review']) await goTo(step)
    await user.click(screen.getByRole('button', { name: 'Create' }))
    await waitFor(() => expect(backend.requests('create_runtime')).toHaveLength(1))
    expect(backend.requests('create_runtime')[0]?.draft.environment).toEqual({
      kind: 'default',
      repository: 'mirror.example.com/runtime',
      version: null,
    })
  })

  it('marks a version that is known bad, and warns when it is chosen', async () => {
    const { user, goTo } = await wizard({
      answers: {
        list_versions: () => ({
          ...unreachable(REPOSITORY),
          problem: null,
          newest: '20241126.v3',
          newestDownloadSize: 1024,
          versions: [
            {
              version: '20241214.v1',
              ageInDays: 3,
              facts: {
                version: '20241214.v1',
                promptflow: null,
                tools: null,
                security: true,
                knownBad: true,
                note: null,
              },
            },
            { version: '20241126.v3', ageInDays: 20, facts: null },
          ],
        }),
      },
    })
    await goTo('Environment')
    await user.click(await screen.findByRole('combobox', { name: 'Version' }))
    await user.click(screen.getByRole('option', { name: /20241214\.v1 .*Known bad/ }))
    expect(await screen.findByText('This version is known bad')).toBeVisible()
  })

  it('looks at an image once its reference has stood still, and asks for one that is missing', async () => {
    const { user, goTo, backend } = await wizard({ environments: [] })
    await goTo('Environment')
    await user.click(screen.getByRole('radio', { name: 'Use customized environment' }))
    expect(screen.queryByText("Give the image's reference.")).toBeNull()
    await user.click(screen.getByRole('button', { name: 'Next' }))
    const reference = screen.getByLabelText('Image reference')
    await waitFor(() => expect(reference).toHaveFocus())
    expect(screen.getByText("Give the image's reference.")).toBeVisible()
    await user.type(reference, 'registry.example.com/team/runtime:1')
    expect(await screen.findByText('84 MB to download')).toBeVisible()
    const looked = backend.requests('preview_image').map((request) => request.reference)
    expect(looked).toEqual(['registry.example.com/team/runtime:1'])
    await expectAccessible()
  })
})

describe('what was typed', () => {
  it('is there again when one leaves and comes back, and gone after Cancel', async () => {
    const { user, goTo } = await wizard()
    const name = screen.getByLabelText('Runtime name')
    await user.clear(name)
    await user.type(name, 'kept')
    await goTo('Environment')
    await user.click(screen.getByRole('link', { name: 'Settings' }))
    await screen.findByRole('heading', { level: 1, name: 'Settings' })
    await user.click(screen.getByRole('link', { name: 'Runtimes' }))
    await user.click((await screen.findAllByRole('button', { name: 'Add runtime' }))[0] as Element)
    expect(await screen.findByRole('heading', { level: 2, name: 'Environment' })).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Back' }))
    expect(await screen.findByLabelText('Runtime name')).toHaveValue('kept')
    await user.click(screen.getByRole('button', { name: 'Cancel' }))
    await user.click((await screen.findAllByRole('button', { name: 'Add runtime' }))[0] as Element)
    await waitFor(() => expect(screen.getByLabelText('Runtime name')).toHaveValue(PROPOSED))
  })
})

describe('after Create', () => {
  async function created() {
    const opened = await wizard()
    for (const step of ['Environment', 'Settings', 'Review']) await opened.goTo(step)
    await opened.user.click(screen.getByRole('button', { name: 'Create' }))
    await waitFor(() => expect(opened.address()).toMatch(/operation=/))
    const tell = (next: Operation) =>
      act(async () => opened.backend.tell({ kind: 'operation', operation: next }))
    await tell(running())
    return { ...opened, tell }
  }

  it('the page shows the progress, also after leaving, and leads to the runtime', async () => {
    const { user, tell, address } = await created()
    expect(screen.getByRole('heading', { level: 1, name: `Creating ${PROPOSED}` })).toBeVisible()
    await user.click(screen.getByRole('link', { name: 'Runtimes' }))
    await user.click((await screen.findAllByRole('button', { name: 'Add runtime' }))[0] as Element)
    expect(await screen.findByText('62 %')).toBeVisible()
    await tell(running({ state: 'succeeded', cancel: 'no', finished: new Date().toISOString() }))
    const open = screen.getByRole('button', { name: `Open ${PROPOSED}` })
    expect(open).toHaveFocus()
    expect(wizardDraft.get().operation).toBeNull()
    await user.click(open)
    await waitFor(() => expect(address()).not.toMatch(/add/))
  })

  it('a failure leads back to the field that mends it, with everything else kept', async () => {
    const { user, tell } = await created()
    await tell(
      running({
        state: 'failed',
        cancel: 'no',
        finished: new Date().toISOString(),
        problem: problem({ code: 'portTaken', finding: portTaken }),
      }),
    )
    await user.click(screen.getByRole('button', { name: 'Use port 18082' }))
    await waitFor(() => expect(screen.getByLabelText('Published port')).toHaveFocus())
    expect(screen.getByLabelText('Published port')).toHaveValue('18082')
    expect(screen.getByRole('complementary', { name: 'Summary' })).toHaveTextContent(PROPOSED)
  })

  it('can be tried again with the same draft', async () => {
    const { user, tell, backend } = await created()
    await tell(running({ state: 'cancelled', cancel: 'no', finished: new Date().toISOString() }))
    expect(
      screen.getByRole('heading', { level: 1, name: `${PROPOSED} was cancelled` }),
    ).toBeVisible()
    backend.world.answers.create_runtime = () => ({ operation: 'second' })
    await user.click(screen.getByRole('button', { name: 'Create again' }))
    await waitFor(() => expect(backend.requests('create_runtime')).toHaveLength(2))
    const [first, second] = backend.requests('create_runtime')
    expect(second).toEqual(first)
  })
})
