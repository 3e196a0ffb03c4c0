import { act, screen, waitFor, within } from '@testing-library/react'
import { afterEach, describe, expect, it } from 'vitest'
import { dropOnWindow } from '../../backend/fakeIpc'
import { problem } from '../../testing/fixtures'
import {
  ANSWERS,
  answersFlow,
  CHAT,
  chatFlow,
  failedRun,
  recentFlow,
  runningRun,
} from '../../testing/flowFixtures'
import { expectAccessible, openAt } from '../../testing/render'
import { search } from './view'

const rowOf = (name: string) =>
  screen.getByRole('link', { name }).closest('tr') as HTMLTableRowElement

const names = () =>
  within(screen.getByRole('table', { name: 'Flows' }))
    .getAllByRole('rowheader')
    .map((cell) => cell.textContent)

const pathField = () => screen.getByRole('textbox', { name: 'Folder of a flow' })

const page = (flow: string) => `/flows/${encodeURIComponent(flow)}`

afterEach(() => search.set(''))

describe('the list of flows', () => {
  it('tells of each where it is, what it runs on and how its last run went', async () => {
    const { user, address } = await openAt('/flows')
    await screen.findByRole('table', { name: 'Flows' })
    const row = rowOf('answers')
    for (const words of ['/home/anna/flows/answers', 'my-runtime', 'Completed']) {
      expect(row).toHaveTextContent(words)
    }
    expect(rowOf('support-chat')).toHaveTextContent('Not run yet')
    await expectAccessible()
    await user.click(screen.getByRole('link', { name: 'answers' }))
    expect(address()).toBe(page(ANSWERS))
  })

  it('follows a run that is under way', async () => {
    const run = runningRun()
    const { backend } = await openAt('/flows', { flowRuns: [run] })
    await screen.findByRole('table', { name: 'Flows' })
    expect(rowOf('answers')).toHaveTextContent('Running')
    act(() => backend.tell({ kind: 'flowRun', run: { ...run, state: 'cancelling' } }))
    await waitFor(() => expect(rowOf('answers')).toHaveTextContent('Cancelling'))
  })

  it('says of a flow that its file is gone, that it has no runtime, or one that is gone', async () => {
    await openAt('/flows', {
      answers: {
        list_flows: () => ({
          flows: [
            recentFlow(answersFlow(), { there: false, lastRun: failedRun() }),
            recentFlow(chatFlow(), { runtime: null }),
            recentFlow(chatFlow(), { flow: '/x', name: 'x', runtime: 'gone' }),
          ],
        }),
      },
    })
    await screen.findByRole('table', { name: 'Flows' })
    expect(rowOf('answers')).toHaveTextContent('Its file is not there any more')
    expect(rowOf('answers')).toHaveTextContent('Failed')
    expect(rowOf('support-chat')).toHaveTextContent('None chosen')
    expect(rowOf('x')).toHaveTextContent('A runtime that is gone')
  })

  it('says of a flow what kind it is, how many errors it has, or that it cannot be read', async () => {
    await openAt('/flows', {
      answers: {
        list_flows: () => ({
          flows: [
            recentFlow(answersFlow(), { kind: 'dag', errors: 2 }),
            recentFlow(chatFlow(), { kind: 'flex', errors: 0 }),
            recentFlow(chatFlow(), { flow: '/x', name: 'x', kind: null, errors: 1 }),
          ],
        }),
      },
    })
    await screen.findByRole('table', { name: 'Flows' })
    expect(rowOf('answers')).toHaveTextContent('DAG flow · 2 errors')
    expect(rowOf('support-chat')).toHaveTextContent('Flex flow')
    expect(rowOf('support-chat')).not.toHaveTextContent('error')
    expect(rowOf('x')).toHaveTextContent('Its file cannot be read')
  })

  it('is searched', async () => {
    const { user } = await openAt('/flows')
    await screen.findByRole('table', { name: 'Flows' })
    const box = screen.getByRole('searchbox', { name: 'Search flows' })
    await user.type(box, 'my-runtime chat')
    expect(names()).toEqual(['support-chatDAG flow'])
    await user.type(box, ' nothing')
    expect(await screen.findByText('No flow matches')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Show all flows' }))
    expect(names()).toHaveLength(3)
  })

  it('forgets one and leaves its folder alone', async () => {
    const { user, backend } = await openAt('/flows')
    await user.click(await screen.findByRole('button', { name: 'Actions for answers' }))
    await user.click(await screen.findByRole('menuitem', { name: 'Forget' }))
    expect(await screen.findByText('Its folder stays as it is.')).toBeVisible()
    await waitFor(() => expect(screen.queryByRole('link', { name: 'answers' })).toBeNull())
    expect(backend.requests('forget_flow')).toEqual([{ flow: ANSWERS }])
  })

  it('says what a flow is while there is none', async () => {
    await openAt('/flows', { flows: [] })
    expect(await screen.findByText('No flows yet')).toBeVisible()
    expect(screen.getByRole('button', { name: 'Open flow' })).toBeVisible()
    expect(screen.queryByRole('searchbox')).toBeNull()
    await expectAccessible()
  })

  it('tells why it could not be read, and asks again', async () => {
    const { user, backend } = await openAt('/flows', {
      answers: {
        list_flows: () => {
          throw problem({ code: 'storage', sentence: 'The list cannot be read.', retry: true })
        },
      },
    })
    expect(await screen.findByText('The list cannot be read.')).toBeVisible()
    delete backend.world.answers.list_flows
    await user.click(screen.getByRole('button', { name: 'Try again' }))
    expect(await screen.findByRole('table', { name: 'Flows' })).toBeVisible()
  })

  it('is asked again when the application tells that it is different', async () => {
    const { backend } = await openAt('/flows', { flows: [] })
    await screen.findByText('No flows yet')
    backend.world.flows = [chatFlow()]
    backend.tell({ kind: 'flows' })
    expect(await screen.findByRole('link', { name: 'support-chat' })).toBeVisible()
  })
})

describe('opening a flow', () => {
  it('takes a typed path, and says under the field what is wrong with it', async () => {
    const { user, backend, address } = await openAt('/flows')
    await user.click(screen.getByRole('button', { name: 'Open flow' }))
    expect(await screen.findByText(/A path is needed/)).toBeVisible()
    expect(backend.requests('open_flow')).toEqual([])
    await user.type(pathField(), '/home/anna/nothing{Enter}')
    expect(await screen.findByText(/There is no flow in this folder/)).toBeVisible()
    expect(pathField()).toHaveAccessibleDescription(/There is no flow in this folder/)
    await expectAccessible()
    await user.clear(pathField())
    expect(screen.queryByText(/There is no flow in this folder/)).toBeNull()
    await user.type(pathField(), ' /home/anna/flows/support-chat {Enter}')
    await waitFor(() => expect(address()).toBe(page(CHAT)))
    expect(backend.requests('open_flow').at(-1)).toEqual({ path: '/home/anna/flows/support-chat' })
  })

  it('tells of a problem that is none of the path', async () => {
    const { user } = await openAt('/flows', {
      answers: {
        open_flow: () => {
          throw problem({ code: 'storage', sentence: 'The folder may not be read.' })
        },
      },
    })
    await user.type(pathField(), '/root/flow{Enter}')
    const bar = await screen.findByRole('group', { name: 'The flow was not opened' })
    expect(bar).toHaveTextContent('The folder may not be read.')
  })

  it('takes a folder that is chosen in the dialog of the system', async () => {
    const chosen = ['/home/anna/flows/answers', null]
    const { user, backend, address } = await openAt('/flows', {
      plugins: { 'plugin:dialog|open': () => chosen.pop() },
    })
    const choose = await screen.findByRole('button', { name: 'Choose a folder' })
    // Nothing was chosen.
    await user.click(choose)
    await waitFor(() => expect(chosen).toHaveLength(1))
    expect(pathField()).toHaveValue('')
    await user.click(choose)
    await waitFor(() => expect(address()).toBe(page(ANSWERS)))
    const asked = backend.calls.filter(({ command }) => command === 'plugin:dialog|open')
    expect(asked.at(-1)?.request).toMatchObject({ options: { directory: true, multiple: false } })
    expect(backend.requests('open_flow')).toEqual([{ path: '/home/anna/flows/answers' }])
  })

  it('opens no second dialog while one is open', async () => {
    let answer: (path: string | null) => void = () => {}
    const { user, backend } = await openAt('/flows', {
      plugins: {
        'plugin:dialog|open': () =>
          new Promise<string | null>((resolve) => {
            answer = resolve
          }),
      },
    })
    const opened = () =>
      backend.calls.filter(({ command }) => command === 'plugin:dialog|open').length
    const choose = await screen.findByRole('button', { name: 'Choose a folder' })
    await user.click(choose)
    await waitFor(() => expect(opened()).toBe(1))
    await user.click(choose)
    expect(opened()).toBe(1)
    await act(async () => answer(null))
    await user.click(choose)
    await waitFor(() => expect(opened()).toBe(2))
  })

  it('takes a folder that is dropped on the window', async () => {
    const { address } = await openAt('/flows')
    await act(() => dropOnWindow(['/home/anna/flows/answers']))
    await waitFor(() => expect(address()).toBe(page(ANSWERS)))
  })
})
