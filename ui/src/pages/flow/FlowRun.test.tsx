import { act, screen, waitFor, within } from '@testing-library/react'
import { afterEach, describe, expect, it } from 'vitest'
import { problem } from '../../testing/fixtures'
import * as flows from '../../testing/flowFixtures'
import { openFlow, readyFlow } from '../../testing/openFlow'
import { expectAccessible } from '../../testing/render'
import { drafts } from './draft'

const runButton = () => screen.findByRole('button', { name: 'Run' })
const panel = (name: string) => screen.findByRole('region', { name })

afterEach(() => drafts.clear())

describe('a run', () => {
  it('is begun, followed and cancelled', async () => {
    const { user, backend, address } = await openFlow({ flows: [readyFlow()] })
    await user.click(await runButton())
    const cancel = await screen.findByRole('button', { name: 'Cancel run' })
    expect(address()).toContain('run=run-started-1')
    expect(screen.queryByRole('button', { name: 'Run' })).toBeNull()
    const [run] = backend.world.flowRuns
    if (!run) throw new Error('no run')
    const running = flows.runningRun({ id: run.id })
    act(() => backend.tell({ kind: 'flowRun', run: running }))
    const slow = await screen.findByRole('group', { name: /search has been running for 12 s/ })
    expect(slow).toHaveTextContent('Its code is in search.py, line 7, in search.')
    await user.click(within(slow).getByRole('button', { name: 'Show the line' }))
    const source = await screen.findByRole('region', { name: 'Text of search.py' })
    const marked = within(source).getByText(/found = store\.search/)
    expect(marked.closest('[aria-current]')).not.toBeNull()
    await expectAccessible()
    await user.click(cancel)
    expect(backend.requests('cancel_flow_run')).toEqual([{ run: run.id }])
    const ended = flows.flowRun({ id: run.id, state: 'cancelled' })
    backend.world.flowRuns = [ended]
    act(() => backend.tell({ kind: 'flowRun', run: ended }))
    expect(await runButton()).toBeVisible()
  })

  it('is begun again with everything that it was begun with', async () => {
    const run = flows.flowRun()
    const detail = flows.runDetail(run)
    const again = {
      start: {
        ...detail.again.start,
        inputs: { question: 'Why?', languages: '["en"]' },
        variants: { answer: 'careful' },
        connections: [{ node: 'answer', input: 'connection', connection: 'other_openai' }],
        limit: 30,
      },
      missing: [],
    }
    const { user, backend } = await openFlow({
      flowRuns: [run],
      answers: { flow_run: () => ({ ...detail, again }) },
    })
    await user.click(await screen.findByRole('button', { name: 'Run again' }))
    expect(backend.requests('start_flow_run').at(-1)).toEqual(again.start)
    // The form is as it was then.
    expect(await screen.findByRole('textbox', { name: /^question/ })).toHaveValue('Why?')
  })

  it('asks for what is not kept before it is begun again', async () => {
    const run = flows.flowRun()
    const detail = flows.runDetail(run)
    const again = { start: { ...detail.again.start, inputs: {} }, missing: ['inputs.question'] }
    const { user, backend } = await openFlow({
      flowRuns: [run],
      answers: { flow_run: () => ({ ...detail, again }) },
    })
    await user.click(await screen.findByRole('button', { name: 'Run again' }))
    const field = await screen.findByRole('textbox', { name: /^question/ })
    await waitFor(() => expect(field).toHaveFocus())
    expect(field).toHaveValue('')
    expect(backend.requests('start_flow_run')).toEqual([])
  })

  it('that begins late does not take the person back from where they went meanwhile', async () => {
    let begun = (_: { run: string }) => {}
    const { user, address } = await openFlow(
      {
        flows: [readyFlow()],
        flowRuns: [flows.flowRun()],
        answers: {
          start_flow_run: () =>
            new Promise((resolve) => {
              begun = resolve
            }),
        },
      },
      '?tab=history',
    )
    await user.click(await runButton())
    await waitFor(() => expect(address()).not.toContain('tab='))
    await user.click(screen.getByRole('tab', { name: 'Output lines' }))
    act(() => begun({ run: 'run-late' }))
    await waitFor(() => expect(address()).toContain('run=run-late'))
    expect(address()).toContain('tab=log')
  })

  it('is copied as it is done from outside, with what has to be known first', async () => {
    const { user, backend } = await openFlow()
    await screen.findByText('2052 tokens (1840 in, 212 out)')
    await user.click(screen.getByRole('button', { name: 'Copy this run as' }))
    await user.click(await screen.findByRole('menuitem', { name: 'curl' }))
    const dialog = await screen.findByRole('dialog', { name: 'Copied as curl' })
    const run = backend.world.flowRuns[0]?.id
    expect(backend.requests('flow_outside')).toEqual([{ of: { kind: 'kept', run }, form: 'curl' }])
    const copied = backend.calls.find(({ command }) => command.includes('clipboard'))
    expect(copied?.request).toMatchObject({ text: flows.asCurl })
    expect(dialog).toHaveTextContent('Give this variable a value first: MY_AOAI_API_KEY.')
    expect(dialog).toHaveTextContent('as long as its container')
    expect(dialog).toHaveTextContent('"$MY_AOAI_API_KEY"')
    await expectAccessible()
    await user.click(within(dialog).getByRole('button', { name: 'Close' }))
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  })

  it('that could be begun is copied with what was typed, once nothing is wrong with it', async () => {
    const { user, backend } = await openFlow()
    const open = async (form: string) => {
      await user.click(await screen.findByRole('button', { name: 'Copy as' }))
      await user.click(await screen.findByRole('menuitem', { name: form }))
    }
    await open('Python')
    expect((await screen.findAllByText(/languages needs a value/))[0]).toBeVisible()
    expect(backend.requests('flow_outside')).toEqual([])
    await user.type(screen.getByRole('textbox', { name: 'languages' }), '[[]')
    await open('pf')
    await screen.findByRole('dialog', { name: 'Copied as pf' })
    expect(backend.requests('flow_outside')).toMatchObject([
      { of: { kind: 'proposed', start: { flow: flows.ANSWERS, node: null } }, form: 'pf' },
    ])
  })

  it('that cannot be copied says why, and one of a node is none for pf', async () => {
    const { user } = await openFlow({
      flowRuns: [flows.flowRun({ node: 'search' })],
      answers: {
        flow_outside: () => {
          throw problem({ code: 'noService', sentence: 'my-runtime cannot run flows.' })
        },
      },
    })
    await user.click(await screen.findByRole('button', { name: 'Copy this run as' }))
    await screen.findByRole('menuitem', { name: 'Python' })
    expect(screen.queryByRole('menuitem', { name: 'pf' })).toBeNull()
    await user.click(screen.getByRole('menuitem', { name: 'curl' }))
    expect(await screen.findByText('my-runtime cannot run flows.')).toBeVisible()
    expect(screen.queryByRole('dialog')).toBeNull()
  })

  it('that is not begun says why', async () => {
    const { user } = await openFlow({
      flows: [readyFlow()],
      answers: {
        start_flow_run: () => {
          throw problem({ code: 'busy', sentence: 'my-runtime is being updated.' })
        },
      },
    })
    await user.click(await runButton())
    const bar = await screen.findByRole('group', { name: 'The run was not started' })
    expect(bar).toHaveTextContent('my-runtime is being updated.')
  })

  it('that is over shows what it gave, its tokens and its timeline', async () => {
    await openFlow()
    expect(await screen.findByText('2052 tokens (1840 in, 212 out)')).toBeVisible()
    const outputs = within(await panel('Outputs'))
    expect(await outputs.findByText(/the previous one is put back/)).toBeVisible()
    expect(outputs.getByRole('treeitem', { name: /sources/ })).toBeVisible()
    const timeline = within(screen.getByRole('table', { name: 'Timeline of the steps' }))
    const row = timeline.getByRole('row', { name: /^search/ })
    expect(row).toHaveTextContent('Done')
    expect(row).toHaveTextContent('2.4 s')
    await expectAccessible()
  })

  it('that went wrong says where, and leads there', async () => {
    const { user, address } = await openFlow({ flowRuns: [flows.failedRun()] })
    expect(await screen.findByText('The step context went wrong: division by zero.')).toBeVisible()
    expect(screen.getByText('In context.py, line 4, in context.')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Show the line' }))
    expect(address()).toContain('node=context&file=context.py&line=4')
    const node = within(await panel('context'))
    expect(await node.findByText('What it printed to standard error')).toBeVisible()
    expect(await node.findAllByText(/ZeroDivisionError/)).not.toHaveLength(0)
  })

  it('has output lines', async () => {
    const { user } = await openFlow()
    await user.click(await screen.findByRole('tab', { name: 'Output lines' }))
    const log = await screen.findByRole('log', { name: 'Output lines of answers' })
    expect(await within(log).findByText(/stdout> 4 documents found/)).toBeVisible()
    expect(screen.getByText('The run has ended.')).toBeVisible()
  })

  it('shows the beginning of a big value, and all of it on demand', async () => {
    const { user, backend } = await openFlow({}, '?node=search')
    const node = within(await panel('search'))
    expect(await node.findByText('The beginning of 3.2 MB')).toBeVisible()
    await user.click(node.getByRole('button', { name: 'Show all' }))
    expect(await node.findByText('all of it')).toBeVisible()
    expect(backend.requests('flow_run_part')).toEqual([
      { run: 'run-completed', part: { kind: 'nodeOutput', node: 'search' } },
    ])
  })
})

describe('the history of a flow', () => {
  it('lists its runs, opens one and goes back to the newest', async () => {
    const { user } = await openFlow({}, '?tab=history')
    const table = within(await screen.findByRole('table', { name: 'Runs' }))
    const row = table.getByRole('row', { name: /Failed/ })
    for (const words of ['Whole flow', 'my-runtime', '20240429.v8', '2.6 s']) {
      expect(row).toHaveTextContent(words)
    }
    expect(table.getByRole('row', { name: /Only context/ })).toBeVisible()
    await expectAccessible()
    await user.click(within(row).getByRole('button', { name: '3 hours ago' }))
    expect(await screen.findByText('This is an older run.')).toBeVisible()
    expect(screen.getByText('The step context went wrong: division by zero.')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Show the newest run' }))
    expect(await screen.findByText('2052 tokens (1840 in, 212 out)')).toBeVisible()
  })

  it('deletes one, and all, after the consequence was said', async () => {
    const { user, backend } = await openFlow({}, '?tab=history')
    const table = within(await screen.findByRole('table', { name: 'Runs' }))
    const row = table.getByRole('row', { name: /Failed/ })
    await user.click(within(row).getByRole('button', { name: /^Delete the run of/ }))
    const one = within(await screen.findByRole('dialog', { name: 'Delete run' }))
    await user.click(one.getByRole('button', { name: 'Delete run' }))
    await waitFor(() => expect(table.queryByRole('row', { name: /Failed/ })).toBeNull())
    expect(backend.requests('delete_flow_run')).toEqual([{ run: 'run-failed' }])
    await user.click(await screen.findByRole('button', { name: 'Delete all runs' }))
    const all = within(await screen.findByRole('dialog', { name: 'Delete all runs' }))
    await user.click(all.getByRole('button', { name: 'Delete all runs' }))
    expect(await screen.findByText('Not run yet')).toBeVisible()
    expect(backend.requests('delete_flow_runs')).toEqual([{ flow: flows.ANSWERS }])
  })
})
