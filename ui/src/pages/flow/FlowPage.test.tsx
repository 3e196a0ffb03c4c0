import { screen, waitFor, within } from '@testing-library/react'
import { afterEach, describe, expect, it } from 'vitest'
import { manyRuntimes, problem } from '../../testing/fixtures'
import * as flows from '../../testing/flowFixtures'
import { openFlow } from '../../testing/openFlow'
import { expectAccessible } from '../../testing/render'
import { drafts } from './draft'

const [first, , support] = manyRuntimes()

const runButton = () => screen.findByRole('button', { name: 'Run' })
const panel = (name: string) => screen.findByRole('region', { name })
const combo = () => screen.findByRole('combobox', { name: 'Runtime' })

afterEach(() => drafts.clear())

describe('the runtime of a flow', () => {
  it('is remembered, and chosen among those that may be used with what each is', async () => {
    const { user, backend } = await openFlow()
    expect(await combo()).toHaveTextContent('my-runtime')
    await user.click(await combo())
    const usable = await screen.findByRole('option', { name: /^support-bot/ })
    for (const words of ['Available', 'local', '20240429.v10', '2 CPUs', '4 GB memory']) {
      expect(usable).toHaveTextContent(words)
    }
    const stopped = screen.getByRole('option', { name: /^nightly/ })
    expect(stopped).toHaveAttribute('aria-disabled', 'true')
    expect(stopped).toHaveTextContent('nightly is not available.')
    await user.click(usable)
    await waitFor(async () => expect(await combo()).toHaveTextContent('support-bot'))
    expect(backend.requests('choose_flow_runtime')).toEqual([
      { flow: flows.ANSWERS, runtime: support?.id, variants: {} },
    ])
  })

  it('that is gone is told in a sentence with the choices', async () => {
    await openFlow({
      flows: [
        flows.answersFlow({
          runtime: { runtime: 'gone', name: 'old', usable: false, sentence: 'It was deleted.' },
        }),
      ],
    })
    expect(await screen.findByText(/set to run on old\. It was deleted\./)).toBeVisible()
    expect(await runButton()).toHaveAttribute('aria-disabled', 'true')
    expect(await runButton()).toHaveAccessibleDescription('Choose a runtime to run it on.')
  })

  it('is the only one there is, where none was chosen', async () => {
    await openFlow({
      flows: [flows.answersFlow({ runtime: null })],
      runtimes: first ? [first] : [],
    })
    expect(await combo()).toHaveTextContent('my-runtime')
  })

  it('can be added where there is none', async () => {
    const { user, address } = await openFlow({
      runtimes: [],
      flows: [flows.answersFlow({ runtime: null })],
    })
    await user.click(await screen.findByRole('link', { name: 'Add runtime' }))
    expect(address()).toBe('/runtimes/add')
  })

  it('says what it lacks, with what mends it', async () => {
    const { user, backend, address } = await openFlow({
      answers: { check_flow_fit: () => ({ findings: flows.flowFindings }) },
    })
    expect(await screen.findByText('4 things are missing')).toBeVisible()
    const lacks = within(screen.getByRole('group', { name: 'What my-runtime lacks for this flow' }))
    expect(lacks.getByText(/search\.py imports bs4/)).toBeVisible()
    expect(lacks.getByRole('link', { name: 'Add connection team_search' })).toHaveAttribute(
      'href',
      expect.stringMatching(/\/connections\?add=team_search$/),
    )
    await expectAccessible()
    await user.click(lacks.getByRole('button', { name: 'Show grade.py' }))
    expect(address()).toContain('node=grade&file=grade.py&line=12')
    await user.click(lacks.getByRole('button', { name: 'Add all 2 packages' }))
    const dialog = within(await screen.findByRole('dialog', { name: 'Add packages' }))
    const field = await dialog.findByRole('textbox', { name: 'Packages' })
    expect(field).toHaveValue('beautifulsoup4\npromptflow-tools')
    await user.click(dialog.getByRole('button', { name: 'Add and update' }))
    expect(backend.requests('add_packages')).toEqual([
      {
        runtime: first?.id,
        requirements: ['beautifulsoup4', 'promptflow-tools'],
        to: { kind: 'own' },
        confirmed: false,
        cancelRuns: false,
        again: null,
      },
    ])
  })

  it('is looked at again on demand', async () => {
    const { user, backend } = await openFlow({
      answers: { check_flow_fit: () => ({ findings: flows.flowFindings }) },
    })
    await screen.findByText('4 things are missing')
    backend.world.answers.check_flow_fit = () => ({ findings: [] })
    await user.click(screen.getByRole('button', { name: 'Look again' }))
    expect(await screen.findByText('Nothing is missing on my-runtime')).toBeVisible()
  })
})

describe('the folder of a flow', () => {
  const opened = 'plugin:opener|open_url'
  const shown = 'plugin:opener|reveal_item_in_dir'

  it('is opened in VS Code, and it is said what to do when nothing comes of it', async () => {
    const { user, backend } = await openFlow()
    await user.click(await screen.findByRole('button', { name: 'Open in VS Code' }))
    expect(await screen.findByText('VS Code was asked to open answers')).toBeVisible()
    const asked = () => backend.calls.filter(({ command }) => command.startsWith('plugin:opener'))
    expect(asked()).toMatchObject([
      { command: opened, request: { url: 'vscode://file/home/anna/flows/answers/' } },
    ])
    await user.click(screen.getByText('Show the folder'))
    await waitFor(() =>
      expect(asked()[1]).toMatchObject({
        command: shown,
        request: { paths: ['/home/anna/flows/answers/flow.dag.yaml'] },
      }),
    )
  })

  it('is shown in the file manager where nothing takes such an address', async () => {
    const refuse = () => {
      throw 'no program for it'
    }
    const { user, backend } = await openFlow({ plugins: { [opened]: refuse } })
    await user.click(await screen.findByRole('button', { name: 'Open in VS Code' }))
    expect(
      await screen.findByText('Nothing on this machine opens folders in VS Code'),
    ).toBeVisible()
    expect(backend.calls.some(({ command }) => command === shown)).toBe(true)
    backend.world.plugins[shown] = refuse
    await user.click(screen.getByRole('button', { name: 'Open in VS Code' }))
    expect(await screen.findByText('The folder was not opened')).toBeVisible()
  })
})

describe('the problems of a flow', () => {
  it('hinder a run, and lead to their nodes and lines', async () => {
    const { user, backend } = await openFlow({
      flows: [flows.answersFlow({ problems: flows.flowProblems })],
    })
    expect(await screen.findByText('2 errors, 2 warnings')).toBeVisible()
    expect(await runButton()).toHaveAccessibleDescription(/The flow has errors/)
    await user.click(await runButton())
    expect(backend.requests('start_flow_run')).toEqual([])
    await expectAccessible()
    await user.click(screen.getByRole('button', { name: 'answer · flow.dag.yaml, line 41' }))
    await panel('answer')
    await waitFor(() => expect(screen.getByRole('heading', { name: 'answer' })).toHaveFocus())
    expect(await screen.findByRole('region', { name: 'Text of flow.dag.yaml' })).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'flow.dag.yaml, line 3' }))
    const file = within(await panel('flow.dag.yaml'))
    const marked = await file.findByText(/from promptflow/)
    expect(marked.closest('[aria-current]')).toBeNull()
    expect(backend.requests('read_flow_file').at(-1)).toEqual({
      flow: flows.ANSWERS,
      path: 'flow.dag.yaml',
    })
  })

  it('are all that is known of a file that cannot be read', async () => {
    await openFlow({
      flows: [
        flows.answersFlow({
          model: null,
          inputs: [],
          graph: { nodes: [], edges: [], circle: [] },
          problems: [flows.flowProblem({ node: null, sentence: 'Line 14 is no YAML.' })],
        }),
      ],
    })
    expect(await screen.findByText(/Line 14 is no YAML\./)).toBeVisible()
    expect(screen.queryByRole('tab', { name: 'Graph' })).toBeNull()
  })
})

describe('a page', () => {
  it('of a flow that is gone says so', async () => {
    const { user, address } = await openFlow({}, '', '/nowhere/flow.dag.yaml')
    expect(await screen.findByText('This flow is not there any more.')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Go to flows' }))
    expect(address()).toBe('/flows')
  })

  it('tells why a flow could not be read, and asks again', async () => {
    const { user, backend } = await openFlow({
      answers: {
        flow: () => {
          throw problem({ code: 'storage', sentence: 'The folder may not be read.', retry: true })
        },
      },
    })
    expect(await screen.findByText('The folder may not be read.')).toBeVisible()
    delete backend.world.answers.flow
    await user.click(screen.getByRole('button', { name: 'Try again' }))
    expect(await screen.findByRole('heading', { level: 1, name: 'answers' })).toBeVisible()
  })

  it('of a flex flow has no graph, and asks for what its class takes', async () => {
    await openFlow({}, '', flows.FLEX)
    const inputs = within(await panel('Inputs'))
    expect(inputs.getByRole('textbox', { name: 'words' })).toHaveValue('80')
    expect(inputs.getByText(/A path within the flow’s folder/)).toBeVisible()
    expect(screen.queryByRole('tab', { name: 'Graph' })).toBeNull()
    await expectAccessible()
  })
})
