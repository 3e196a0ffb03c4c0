import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import { afterEach, describe, expect, it } from 'vitest'
import { manyRuntimes, problem } from '../../testing/fixtures'
import * as flows from '../../testing/flowFixtures'
import { openFlow, readyFlow } from '../../testing/openFlow'
import { expectAccessible } from '../../testing/render'
import { drafts } from './draft'

const [first] = manyRuntimes()

const runButton = () => screen.findByRole('button', { name: 'Run' })
const panel = (name: string) => screen.findByRole('region', { name })

afterEach(() => drafts.clear())

describe('the inputs of a run', () => {
  it('begin with what is proposed and from where it comes', async () => {
    await openFlow()
    const inputs = within(await panel('Inputs'))
    expect(inputs.getByRole('textbox', { name: /^question/ })).toHaveValue(
      'How do I roll back a runtime?',
    )
    expect(inputs.getByText('from the last run')).toBeVisible()
    expect(inputs.getByText('from the sample data')).toBeVisible()
    expect(inputs.getByRole('radio', { name: 'false' })).toBeChecked()
  })

  it('are checked as one types, and can be taken back', async () => {
    const { user } = await openFlow()
    const inputs = within(await panel('Inputs'))
    const count = inputs.getByRole('textbox', { name: 'count' })
    await user.clear(count)
    await user.type(count, 'many')
    expect(await screen.findByText('count has to be a whole number.')).toBeVisible()
    expect(screen.queryByText('languages needs a value.')).toBeNull()
    await user.click(inputs.getByRole('button', { name: 'Take back the change of count' }))
    expect(count).toHaveValue('4')
    await waitFor(() => expect(screen.queryByText('count has to be a whole number.')).toBeNull())
    await user.click(inputs.getByRole('button', { name: 'Tidy up filters' }))
    expect(inputs.getByRole('textbox', { name: 'filters' })).toHaveValue(
      '{\n  "team": "platform",\n  "year": 2026\n}',
    )
  })

  it('stop a run that lacks one, and say so where it is typed', async () => {
    const { user, backend } = await openFlow({}, '?node=search')
    await panel('search')
    await user.click(await runButton())
    const field = await screen.findByRole('textbox', { name: 'languages' })
    await waitFor(() => expect(field).toHaveFocus())
    expect(await screen.findByText('languages needs a value.')).toBeVisible()
    expect(backend.requests('start_flow_run')).toEqual([])
    await user.click(field)
    await user.paste('["en", "de"]')
    await user.click(screen.getByRole('button', { name: 'Options' }))
    const limit = screen.getByRole('textbox', { name: 'Give up after (seconds)' })
    await user.type(limit, '1.5')
    await user.click(await runButton())
    expect(backend.requests('start_flow_run')).toEqual([])
    await waitFor(() => expect(limit).toHaveFocus())
    await user.clear(limit)
    await user.type(limit, '90')
    await user.click(await runButton())
    await screen.findByRole('button', { name: 'Cancel run' })
    expect(backend.requests('start_flow_run').at(-1)).toMatchObject({
      flow: flows.ANSWERS,
      runtime: first?.id,
      inputs: { languages: '["en", "de"]', deep: 'false' },
      limit: 90,
      node: null,
      from: null,
    })
  })
})

describe('the steps', () => {
  it('are a graph', async () => {
    const { user, address } = await openFlow()
    const graph = await screen.findByRole('region', { name: 'Graph of answers' })
    const step = await waitFor(() => {
      const found = graph.querySelector('[data-id=search]')
      if (!(found instanceof HTMLElement)) throw new Error('not drawn')
      return found
    })
    expect(step).toHaveAttribute('aria-label', 'search, Python, Done')
    expect(graph.querySelector('[data-id=answer]')).toHaveTextContent('short of 2')
    expect(within(graph).getByRole('button', { name: 'Zoom in', hidden: true })).toBeDefined()
    step.focus()
    await user.keyboard('{Enter}')
    await waitFor(() => expect(address()).toContain('node=search'))
  })

  it('are the same as a list', async () => {
    const { user } = await openFlow()
    await user.click(await screen.findByRole('tab', { name: 'List' }))
    const table = within(await screen.findByRole('table', { name: 'Steps' }))
    const row = table.getByRole('row', { name: /^context/ })
    for (const words of ['Python', 'search, web_search', 'Done', '180 ms']) {
      expect(row).toHaveTextContent(words)
    }
    expect(table.getByRole('row', { name: /^web_search/ })).toHaveTextContent('Conditional')
    expect(table.getByRole('row', { name: /^count_grades/ })).toHaveTextContent('Aggregation')
    await expectAccessible()
    await user.click(table.getByRole('button', { name: 'grade' }))
    const node = within(await panel('grade'))
    await user.click(node.getByRole('button', { name: 'Close' }))
    await panel('Inputs')
  })

  it('take another variant and another connection in the next run', async () => {
    const { user, backend } = await openFlow({ flows: [readyFlow()] }, '?node=answer')
    const node = within(await panel('answer'))
    await user.click(node.getByRole('combobox', { name: 'Variant' }))
    await user.click(await screen.findByRole('option', { name: 'careful' }))
    expect(node.getByText('answer_careful.jinja2')).toBeVisible()
    const connection = await node.findByRole('combobox', { name: 'Connection' })
    await user.click(connection)
    const other = (await screen.findAllByRole('option')).at(-1) as HTMLElement
    const name = other.textContent
    await user.click(other)
    await user.click(await runButton())
    await screen.findByRole('button', { name: 'Cancel run' })
    expect(backend.requests('start_flow_run').at(-1)).toMatchObject({
      variants: { answer: 'careful' },
      connections: [{ node: 'answer', input: 'connection', connection: name }],
    })
  })

  it('can be run alone with what the others gave in a former run', async () => {
    const { user, backend } = await openFlow({ flows: [readyFlow()] }, '?node=context')
    const node = within(await panel('context'))
    await user.click(await node.findByRole('button', { name: 'Run this node' }))
    expect(await screen.findByText('Only context')).toBeVisible()
    expect(backend.requests('start_flow_run').at(-1)).toMatchObject({
      node: 'context',
      from: 'run-completed',
    })
  })

  it('are run from one on, with what the others gave in a run that is chosen', async () => {
    const { user, backend } = await openFlow({ flows: [readyFlow()] }, '?node=context')
    const node = within(await panel('context'))
    await user.click(await node.findByRole('button', { name: 'Run from here' }))
    const run = await screen.findByRole('tabpanel', { name: 'Run' })
    expect(await within(run).findByText(/^From context on, with the inputs/)).toBeVisible()
    expect(backend.requests('start_flow_run').at(-1)).toMatchObject({
      node: null,
      fromNode: 'context',
      from: 'run-completed',
    })
    await expectAccessible()
  })

  it('offer that in the list, and say why it cannot be', async () => {
    const { user, backend } = await openFlow({ flows: [readyFlow()] }, '?as=list')
    await user.click(await screen.findByRole('button', { name: 'More for context' }))
    const entry = await screen.findByRole('menuitem', { name: /^Run from here/ })
    expect(entry).toHaveTextContent('With the run of')
    await user.click(entry)
    expect(backend.requests('start_flow_run').at(-1)).toMatchObject({ fromNode: 'context' })
    // What comes of it is told in the panel of the step.
    await panel('context')
    await user.click(await screen.findByRole('button', { name: 'More for rewrite' }))
    const waits = await screen.findByRole('menuitem', { name: /A run is under way/ })
    expect(waits).toHaveAttribute('aria-disabled', 'true')
  })

  it('offer that in the graph', async () => {
    await openFlow({ flows: [readyFlow()] })
    const graph = await screen.findByRole('region', { name: 'Graph of answers' })
    const step = await waitFor(() => {
      const found = graph.querySelector('[data-id=context]')
      if (!(found instanceof HTMLElement)) throw new Error('not drawn')
      return found
    })
    fireEvent.contextMenu(step)
    expect(await screen.findByRole('menuitem', { name: /^Run from here/ })).toBeVisible()
  })

  it('say what was taken over and what refuses it', async () => {
    const run = flows.flowRun({ fromNode: 'context', from: 'run-older' })
    const taken = { started: null, ended: null, duration: null, takenOver: true }
    const nodes = run.nodes.map((one) => (one.node === 'search' ? { ...one, ...taken } : one))
    const refused = problem({ sentence: '"context" needs what "search" gives.', field: 'from' })
    const { user } = await openFlow(
      {
        flows: [readyFlow()],
        flowRuns: [{ ...run, nodes }],
        answers: {
          start_flow_run: () => {
            throw refused
          },
        },
      },
      '?node=search',
    )
    const search = within(await panel('search'))
    expect(await search.findByText('Taken over')).toBeVisible()
    expect(search.getByText(/^It did not run: what it gave/)).toBeVisible()
    expect(screen.getByText(/a run that is not kept any more/)).toBeVisible()
    const table = within(screen.getByRole('table', { name: 'Timeline of the steps' }))
    await user.click(table.getByText('context'))
    const context = within(await panel('context'))
    await user.click(await context.findByRole('button', { name: 'Run from here' }))
    expect(await context.findByText(/"context" needs what "search" gives/)).toBeVisible()
  })

  it('cannot be run alone before the whole flow was', async () => {
    await openFlow({ flowRuns: [] }, '?node=context')
    const node = within(await panel('context'))
    expect(await node.findByText(/It needs what search, web_search give/)).toBeVisible()
    expect(node.queryByRole('button', { name: 'Run this node' })).toBeNull()
  })
})
