import { act, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { Operation, Runtime, UpdatePreview } from '../../backend/types'
import { rag } from '../../testing/environmentFixtures'
import type { World } from '../../testing/fakeBackend'
import { operation, problem, REPOSITORY, runtime, versionCheck } from '../../testing/fixtures'
import { expectAccessible, openAt } from '../../testing/render'
import { initialChoice } from './initialChoice'

const of = runtime()

const ofRag = runtime({
  version: null,
  image: 'localhost/promptflow-runtimes/rag:2',
  environment: 'rag',
  spec: of.spec && {
    ...of.spec,
    environment: {
      kind: 'named',
      id: 'environment-rag',
      name: 'rag',
      version: 2,
      image: 'localhost/promptflow-runtimes/rag:2',
    },
  },
})

function preview(parts: Partial<UpdatePreview> = {}): UpdatePreview {
  const side = (version: string) => ({
    image: `${REPOSITORY}:${version}`,
    version,
    digest: `sha256:${version}`,
    created: null,
    facts: null,
  })
  return {
    from: side('20240429.v8'),
    to: side('20240429.v10'),
    sameImage: false,
    downloadSize: 84 * 1024 * 1024,
    securityFixes: [],
    changes: null,
    refusals: [],
    confirmations: [],
    activeRuns: { kind: 'known', count: 0 },
    volumes: [],
    running: true,
    keepsPreviousDays: 14,
    ...parts,
  }
}

async function dialog(shown: Partial<UpdatePreview> = {}, world: Partial<World> = {}) {
  const opened = await openAt(`/runtimes/${of.id}?update=open`, {
    runtimes: [of],
    ...world,
    answers: { preview_update: () => preview(shown), ...world.answers },
  })
  const surface = await screen.findByRole('dialog', { name: 'Update runtime' })
  const inside = within(surface)
  const press = (name: string) => opened.user.click(inside.getByRole('button', { name }))
  const tell = (next: Operation) =>
    act(async () => opened.backend.tell({ kind: 'operation', operation: next }))
  return { ...opened, inside, press, tell }
}

const running = (parts: Partial<Operation> = {}) =>
  operation({ id: 'operation-started', runtime: of.id, name: of.name, ...parts })

describe('before an update', () => {
  it('says from what to what, what changes and what happens', async () => {
    const { inside } = await dialog({
      activeRuns: { kind: 'known', count: 2 },
      volumes: ['my-runtime-data'],
      securityFixes: [
        {
          version: '20240429.v9',
          promptflow: null,
          tools: null,
          security: true,
          knownBad: false,
          note: 'Updates aiohttp.',
        },
      ],
    })
    expect(await inside.findByRole('region', { name: 'From → to' })).toHaveTextContent(
      /20240429\.v8.*20240429\.v10/,
    )
    const changes = inside.getByRole('region', { name: 'What changes' })
    expect(changes).toHaveTextContent('1 security fix')
    expect(changes).toHaveTextContent('20240429.v9: Updates aiohttp.')
    expect(changes).toHaveTextContent('84 MB to download')
    expect(inside.getByRole('region', { name: 'What happens' })).toHaveTextContent(
      /kept for 14 days.*does not roll back: my-runtime-data/,
    )
    expect(inside.getByText('2 runs are active.')).toBeVisible()
    await expectAccessible()
  })

  it('says what differs where both were proved before', async () => {
    const { inside, press } = await dialog({
      changes: {
        packages: [{ name: 'pandas', from: '2.1.0', to: '2.2.0' }],
        pythonFrom: '3.11.2 (/opt/venv/bin/python)',
        pythonTo: '3.12.1 (/opt/venv/bin/python)',
        sizeFrom: 300 * 1024 * 1024,
        sizeTo: 310 * 1024 * 1024,
        layers: 12,
        sharedLayers: 4,
      },
    })
    expect(await inside.findByText('4 of 12 are those of the old one')).toBeVisible()
    expect(inside.getByText(/3\.11\.2 .* → 3\.12\.1/)).toBeVisible()
    expect(inside.getByText('300 MB → 310 MB')).toBeVisible()
    await press('1 package differs')
    expect(inside.getByRole('row', { name: 'pandas 2.1.0 2.2.0' })).toBeVisible()
    expect(inside.queryByText(/shown once the new version has run/)).toBeNull()
  })

  it('says that it is unknown whether runs are active, and lets one not wait', async () => {
    const { inside, user, press, backend } = await dialog({ activeRuns: { kind: 'unknown' } })
    expect(await inside.findByText('Whether runs are active cannot be told.')).toBeVisible()
    await user.click(inside.getByRole('radio', { name: /Do not wait/ }))
    await press('Update')
    await waitFor(() => expect(backend.requests('update_runtime')).toHaveLength(1))
    expect(backend.requests('update_runtime')[0]).toMatchObject({
      runtime: of.id,
      cancelRuns: true,
      confirmed: false,
      // What was shown: a tag that moves meanwhile is not taken unseen.
      shown: 'sha256:20240429.v10',
    })
  })

  it('does not start while something refuses it', async () => {
    const { inside, press, backend } = await dialog({
      refusals: [
        problem({ code: 'cannotBeKept', sentence: 'Another container uses its network.' }),
      ],
    })
    await inside.findByText('Another container uses its network.')
    await press('Update')
    expect(await inside.findByText(/did not start/)).toBeVisible()
    expect(backend.requests('update_runtime')).toEqual([])
  })

  it('starts only once a doubt was confirmed, and for what was confirmed only', async () => {
    const { inside, user, press, backend } = await dialog({
      confirmations: [problem({ code: 'knownBad', sentence: 'This version is known bad.' })],
    })
    await inside.findByText('This version is known bad.')
    await press('Update')
    expect(backend.requests('update_runtime')).toEqual([])
    expect(inside.getByRole('checkbox')).toHaveFocus()
    expect(inside.getByText(/Confirm this first/)).toBeVisible()
    await user.click(inside.getByRole('checkbox'))
    await user.click(inside.getByRole('combobox', { name: 'Version' }))
    await user.click(screen.getByRole('option', { name: /20240429\.v9/ }))
    await waitFor(() => expect(inside.getByRole('checkbox')).not.toBeChecked())
    await user.click(inside.getByRole('checkbox'))
    await press('Update')
    await waitFor(() => expect(backend.requests('update_runtime')).toHaveLength(1))
    expect(backend.requests('update_runtime')[0]).toMatchObject({
      confirmed: true,
      environment: { kind: 'default', version: '20240429.v9' },
    })
  })

  it('does not update to what runs already', async () => {
    const { inside, press, backend } = await dialog({ sameImage: true })
    expect(await inside.findByText(/runs this image already/)).toBeVisible()
    await press('Update')
    expect(backend.requests('update_runtime')).toEqual([])
  })

  it('does not promise a proof for a stopped runtime', async () => {
    const { inside } = await dialog({ running: false })
    expect(await inside.findByText(/updated and left stopped/)).toBeVisible()
    expect(inside.queryByText(/without|does not answer/)).toBeNull()
    expect(inside.queryByText('No run is active.')).toBeNull()
  })
})

describe('during and after an update', () => {
  it('the dialog becomes the progress, may be closed, and shows it again', async () => {
    const { inside, press, tell, backend, address, user } = await dialog()
    await inside.findByText('No run is active.')
    await press('Update')
    await tell(running())
    expect(await inside.findByText('62 %')).toBeVisible()
    await press('Keep running in the background')
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect(address()).toBe(`/runtimes/${of.id}`)
    const updating: Runtime = { ...of, status: 'Updating', operation: 'operation-started' }
    await act(async () => backend.tell({ kind: 'runtimes', changed: [updating], removed: [] }))
    const strip = await screen.findByRole('region', { name: 'Running operations' })
    await user.click(within(strip).getByRole('link', { name: 'View' }))
    const again = await screen.findByRole('dialog', { name: 'Update runtime' })
    expect(within(again).getByText('62 %')).toBeVisible()
  })

  it('that flows would not stand goes on only when the person says so', async () => {
    const { backend, inside, press, tell } = await dialog()
    await inside.findByText('No run is active.')
    await press('Update')
    const [asked] = backend.requests('update_runtime')
    expect(asked).toMatchObject({ confirmed: false })
    const sentence = 'The flow answers runs on my-runtime now and would not run on 20240429.v10.'
    await tell(
      running({
        state: 'failed',
        cancel: 'no',
        finished: new Date().toISOString(),
        outcome: 'my-runtime runs 20240429.v8 as before. It never stopped.',
        problem: problem({
          code: 'flowsWouldNotFit',
          sentence,
          finding: {
            cause: 'flowsWouldNotFit',
            sentence,
            meaning: '',
            evidence: [{ probe: 'answers', seen: 'The runtime has no module "bs4".' }],
            advice: ['Add beautifulsoup4 to what it is updated to, or update anyway.'],
            remedies: [{ kind: 'updateAnyway' }, { kind: 'chooseImage' }],
          },
        }),
      }),
    )
    expect(await inside.findByRole('group', { name: 'Flows would not run any more' })).toBeVisible()
    await expectAccessible()
    await press('Update anyway')
    expect(backend.requests('update_runtime')[1]).toEqual({ ...asked, confirmed: true })
  })

  it('a failed one tells what stands, and leads to another version', async () => {
    const { inside, press, tell } = await dialog()
    await inside.findByText('No run is active.')
    await press('Update')
    await tell(
      running({
        state: 'failed',
        cancel: 'no',
        finished: new Date().toISOString(),
        outcome: 'my-runtime still runs 20240429.v8.',
        problem: problem({ sentence: 'The new version ended right after its start.' }),
      }),
    )
    expect(await inside.findByText('my-runtime still runs 20240429.v8.')).toBeVisible()
    await expectAccessible()
    await press('Choose another version')
    expect(await inside.findByRole('button', { name: 'Update' })).toBeVisible()
  })
})

describe('a runtime of an environment with a name', () => {
  const image = 'localhost/promptflow-runtimes/rag:2'
  const world = { runtimes: [ofRag], environments: [rag()] }
  const side = (number: number) => ({
    image: `localhost/promptflow-runtimes/rag:${number}`,
    version: null,
    digest: `sha256:${number}`,
    created: null,
    facts: null,
  })

  it('begins with its newest version on the compute, by its name', async () => {
    const { inside, press, backend } = await dialog(
      { from: side(2), to: side(3), downloadSize: 0 },
      world,
    )
    expect(inside.getByRole('radio', { name: 'Use customized environment' })).toBeChecked()
    expect(await inside.findByRole('combobox', { name: 'Environment' })).toHaveTextContent('rag')
    expect(inside.getByRole('combobox', { name: 'Version' })).toHaveTextContent('Newest (3)')
    const fromTo = await inside.findByRole('region', { name: 'From → to' })
    expect(fromTo).toHaveTextContent(/rag, version 2.*rag, version 3/)
    expect(fromTo).not.toHaveTextContent(image)
    await expectAccessible()
    await press('Update')
    await waitFor(() => expect(backend.requests('update_runtime')).toHaveLength(1))
    expect(backend.requests('update_runtime')[0]).toMatchObject({
      environment: { kind: 'named', environment: 'environment-rag', version: null },
      shown: 'sha256:3',
    })
  })

  it('takes another version, and an image instead', async () => {
    const { inside, user, backend } = await dialog({}, world)
    await user.click(await inside.findByRole('combobox', { name: 'Version' }))
    await user.click(screen.getByRole('option', { name: /^1 · / }))
    const asked = () => backend.requests('preview_update').at(-1)?.environment
    await waitFor(() =>
      expect(asked()).toEqual({ kind: 'named', environment: 'environment-rag', version: 1 }),
    )
    await user.click(inside.getByRole('combobox', { name: 'Environment' }))
    await user.click(screen.getByRole('option', { name: 'An image by its reference' }))
    await user.type(inside.getByLabelText('Image reference'), 'registry.example.com/rag:1')
    await waitFor(() =>
      expect(asked()).toEqual({ kind: 'image', reference: 'registry.example.com/rag:1' }),
    )
  })

  it('says under the field why a choice cannot be taken', async () => {
    const { inside } = await dialog(
      {},
      {
        ...world,
        environments: [],
        answers: {
          preview_update: () => {
            throw problem({
              code: 'invalidInput',
              field: 'environment.named',
              sentence: 'Choose an environment.',
            })
          },
        },
      },
    )
    const field = await inside.findByRole('combobox', { name: 'Environment' })
    await waitFor(() => expect(field).toHaveAccessibleDescription('Choose an environment.'))
  })
})

describe('what the dialog begins with', () => {
  it('is the environment that the runtime was made from', () => {
    expect(initialChoice(of, undefined, '20240429.v10')).toMatchObject({
      kind: 'default',
      repository: REPOSITORY,
      version: '20240429.v10',
    })
  })

  it('is the image that the check found, for a runtime on an image of its own', () => {
    const reference = 'registry.example.com/team/promptflow:stable'
    const own = runtime({
      spec: of.spec && { ...of.spec, environment: { kind: 'image', reference } },
    })
    expect(initialChoice(own, undefined, undefined)).toMatchObject({ kind: 'image', reference })
    const check = versionCheck(own)
    expect(initialChoice(own, check, '20240429.v10').reference).toBe(`${REPOSITORY}:20240429.v10`)
  })

  it('is the version that the check found, for a runtime of an environment with a name', () => {
    const named = { kind: 'named', environment: 'environment-rag' }
    expect(initialChoice(ofRag, undefined, undefined)).toMatchObject({
      ...named,
      environmentVersion: '',
    })
    const check = versionCheck(ofRag, {
      answer: {
        kind: 'newerOfEnvironment',
        environment: 'environment-rag',
        name: 'rag',
        from: 2,
        to: 3,
        packages: [],
      },
    })
    expect(initialChoice(ofRag, check, undefined)).toMatchObject({
      ...named,
      environmentVersion: 3,
    })
  })
})
