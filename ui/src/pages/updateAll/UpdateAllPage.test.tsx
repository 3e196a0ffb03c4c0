import { act, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import {
  candidate,
  endedSeries,
  member,
  operation,
  problem,
  runtime,
  series,
  updatePreview,
} from '../../testing/fixtures'
import { expectAccessible, openAt } from '../../testing/render'

const names = ['rag-prod', 'eval', 'nightly']
const runtimes = names.map((name) => runtime({ id: `runtime-${name}`, name }))
const candidates = runtimes.map((one) => candidate(one))

const world = {
  runtimes,
  answers: {
    preview_update_all: () => ({
      candidates,
      others: [
        {
          runtime: 'runtime-old',
          name: 'old',
          computeName: 'local',
          because: {
            kind: 'upToDate' as const,
            passedOver: [
              {
                tag: '20240501.v3',
                because: { kind: 'notForArchitecture' as const, architecture: 'arm64' },
              },
            ],
          },
        },
        {
          runtime: 'runtime-far',
          name: 'far',
          computeName: 'far',
          because: {
            kind: 'unknown' as const,
            because: problem({ sentence: 'The compute far does not answer.' }),
          },
        },
      ],
    }),
  },
}

const order = async () =>
  within(await screen.findByRole('list', { name: 'Runtimes to update, in this order' }))
    .getAllByRole('checkbox')
    .map((box) => box.getAttribute('aria-label'))

describe('update all', () => {
  it('lists what would be updated, and why the others are not among them', async () => {
    await openAt('/runtimes/update-all', world)
    expect(await order()).toEqual(['Update rag-prod', 'Update eval', 'Update nightly'])
    expect(screen.getByRole('button', { name: 'Update 3 runtimes' })).toBeVisible()
    const others = screen.getByRole('region', { name: '2 runtimes are not to be updated' })
    expect(others).toHaveTextContent('20240501.v3 was passed over: it is not made for arm64.')
    expect(others).toHaveTextContent('The compute far does not answer.')
    await expectAccessible()
  })

  it('names the versions of an environment', async () => {
    const image = 'localhost/promptflow-runtimes/rag:2'
    const { spec } = runtime()
    const ofRag = runtime({
      version: null,
      image,
      environment: 'rag',
      spec: spec && {
        ...spec,
        environment: { kind: 'named', id: 'environment-rag', name: 'rag', version: 2, image },
      },
    })
    const environment = {
      kind: 'named' as const,
      environment: 'environment-rag',
      version: 3,
    }
    const to3 = candidate(ofRag, {
      environment,
      to: 'rag 3',
      preview: updatePreview(ofRag, { downloadSize: 0 }),
    })
    const { user, backend } = await openAt('/runtimes/update-all', {
      runtimes: [ofRag],
      answers: { preview_update_all: () => ({ candidates: [to3], others: [] }) },
    })
    expect(await screen.findByText('rag 2 → rag 3')).toBeVisible()
    expect(screen.getByText('Nothing to download, all layers are there')).toBeVisible()
    expect(screen.queryByText(/localhost/)).toBeNull()
    await user.click(screen.getByRole('button', { name: 'Update 1 runtime' }))
    await waitFor(() => expect(backend.requests('update_all')).toHaveLength(1))
    expect(backend.requests('update_all')[0]?.members[0]).toMatchObject({
      to: 'rag 3',
      environment,
    })
  })

  it('is put in order by buttons and by keys, and the focus stays', async () => {
    const { user } = await openAt('/runtimes/update-all', world)
    await user.click(await screen.findByRole('button', { name: 'Move nightly up' }))
    expect(await order()).toEqual(['Update rag-prod', 'Update nightly', 'Update eval'])
    expect(screen.getByRole('button', { name: 'Move nightly up' })).toHaveFocus()
    expect(screen.getByText('nightly is number 2 of 3.')).toBeInTheDocument()
    await user.keyboard('{Alt>}{ArrowUp}{/Alt}')
    expect(await order()).toEqual(['Update nightly', 'Update rag-prod', 'Update eval'])
    expect(screen.getByRole('button', { name: 'Move nightly up' })).toHaveFocus()
  })

  it('starts with just what was chosen', async () => {
    const { user, backend } = await openAt('/runtimes/update-all', world)
    await user.click(await screen.findByRole('checkbox', { name: 'Update eval' }))
    await user.click(screen.getByRole('radio', { name: 'Go on with the next' }))
    const parallel = screen.getByRole('textbox', { name: 'At a time on each compute' })
    await user.clear(parallel)
    await user.click(screen.getByRole('button', { name: 'Update 2 runtimes' }))
    expect(parallel).toHaveFocus()
    expect(backend.requests('update_all')).toEqual([])
    await user.type(parallel, '2')
    await user.click(screen.getByRole('button', { name: 'Update 2 runtimes' }))
    await waitFor(() => expect(backend.requests('update_all')).toHaveLength(1))
    const [request] = backend.requests('update_all')
    expect(request?.members.map((one) => one.runtime)).toEqual([
      'runtime-rag-prod',
      'runtime-nightly',
    ])
    expect(request?.rules).toEqual({ parallel: 2, onFailure: 'goOn', cancelRuns: false })
  })

  it('asks for a confirmation where something is doubtful, and for at least one runtime', async () => {
    const doubt = problem({ code: 'knownBad', sentence: 'It cannot be proved beside this one.' })
    const doubtful = candidate(runtimes[0] ?? runtime(), {
      preview: updatePreview(runtime(), { confirmations: [doubt] }),
    })
    const { user, backend } = await openAt('/runtimes/update-all', {
      ...world,
      answers: { preview_update_all: () => ({ candidates: [doubtful], others: [] }) },
    })
    await user.click(await screen.findByRole('button', { name: 'Update' }))
    expect(screen.getByText('Choose at least one runtime to update.')).toBeVisible()
    await user.click(screen.getByRole('checkbox', { name: 'Update rag-prod' }))
    await user.click(screen.getByRole('button', { name: 'Update 1 runtime' }))
    const tick = screen.getByRole('checkbox', {
      name: 'I know this. Update rag-prod all the same.',
    })
    expect(tick).toHaveFocus()
    expect(backend.requests('update_all')).toEqual([])
    await user.click(tick)
    await user.click(screen.getByRole('button', { name: 'Update 1 runtime' }))
    await waitFor(() => expect(backend.requests('update_all')[0]?.members[0]?.confirmed).toBe(true))
  })

  it('says when there is nothing to be done, and looks again when asked', async () => {
    const { user, backend } = await openAt('/runtimes/update-all', {
      runtimes,
      answers: { preview_update_all: () => ({ candidates: [], others: [] }) },
    })
    expect(await screen.findByText('Nothing is to be done')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Check versions again' }))
    await waitFor(() =>
      expect(backend.requests('preview_update_all')).toEqual([
        { freshness: 'page' },
        { freshness: 'now' },
      ]),
    )
    expect(await screen.findByText('Nothing is to be done')).toBeVisible()
    await expectAccessible()
  })

  it('follows the updates, is stopped, and sums up', async () => {
    const running = series()
    const { user, backend } = await openAt('/runtimes/update-all', {
      ...world,
      series: [running],
      operations: [operation({ id: 'operation-1', runtime: 'runtime-eval', name: 'eval' })],
    })
    const list = within(await screen.findByRole('list', { name: 'Runtimes of this series' }))
    expect(list.getAllByRole('listitem').map((item) => item.textContent)).toEqual([
      'Updatedrag-prod20240429.v8 → 20240429.v10',
      expect.stringMatching(/^Updatingeval.*Download the image · 62 % downloaded/),
      'Waitingnightly20240429.v8 → 20240429.v10',
    ])
    await expectAccessible()
    await user.click(screen.getByRole('button', { name: 'Stop' }))
    expect(backend.requests('stop_update_all')).toEqual([{ cancelRunning: false }])
    const stopping = { ...running, closing: 'stopped' as const }
    await act(async () => backend.tell({ kind: 'series', series: stopping }))
    expect(screen.getByText(/^No further one starts\./)).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Cancel those that run' }))
    expect(backend.requests('stop_update_all').at(-1)).toEqual({ cancelRunning: true })
    const ended = series({
      end: 'stopped',
      members: [
        member('rag-prod', { state: 'updated' }),
        member('eval', { state: 'cancelled' }),
        member('nightly', { state: 'notStarted' }),
      ],
    })
    await act(async () => backend.tell({ kind: 'series', series: ended }))
    expect(
      screen.getByText(
        '1 runtime was updated. 1 was cancelled. 1 was not begun. It was stopped, so no further one was started.',
      ),
    ).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Close' }))
    expect(await order()).toHaveLength(3)
  })

  it('says what became of each after a failure', async () => {
    const { backend } = await openAt('/runtimes/update-all', { ...world, series: [series()] })
    await screen.findByRole('list', { name: 'Runtimes of this series' })
    const ended = { ...endedSeries(), id: 'series-1' }
    await act(async () => backend.tell({ kind: 'series', series: ended }))
    expect(screen.getByText('Ended early')).toBeVisible()
    expect(
      screen.getByText('20240429.v10 did not work on eval, so it was not tried here.'),
    ).toBeVisible()
    await expectAccessible()
  })

  it('says why it did not begin', async () => {
    const { user } = await openAt('/runtimes/update-all', {
      ...world,
      answers: {
        ...world.answers,
        update_all: () => {
          throw problem({ code: 'busy', sentence: 'Several runtimes are being updated already.' })
        },
      },
    })
    await user.click(await screen.findByRole('button', { name: 'Update 3 runtimes' }))
    expect(await screen.findByText('Several runtimes are being updated already.')).toBeVisible()
  })
})

describe('the runtimes page', () => {
  it('offers to update all where a newer version is known', async () => {
    const { user, address } = await openAt('/runtimes', {
      runtimes: [runtime({ updateAvailable: '20240429.v10' })],
    })
    await user.click(await screen.findByRole('button', { name: 'Update all' }))
    expect(await screen.findByRole('heading', { level: 1, name: 'Update all' })).toBeVisible()
    expect(address()).toBe('/runtimes/update-all')
  })

  it('does not where none is', async () => {
    await openAt('/runtimes', { runtimes })
    await screen.findByRole('button', { name: 'Add runtime' })
    expect(screen.queryByRole('button', { name: 'Update all' })).toBeNull()
  })
})
