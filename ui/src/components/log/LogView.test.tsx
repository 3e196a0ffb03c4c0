import { act, fireEvent, screen, waitFor, within } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeLine, FakeLog, logSource } from '../../testing/fakeLog'
import { problem, runtime } from '../../testing/fixtures'
import {
  nodeTimes,
  ownPlace,
  serviceLines,
  style,
  unreadableSource,
} from '../../testing/logFixtures'
import { expectAccessible, openAt } from '../../testing/render'
import { forgetLogSettings } from './settings'

/** Nothing scrolls here by itself: what is set is kept, and told as a browser does. */
const kept = new WeakMap<Element, number>()
const original = Object.getOwnPropertyDescriptor(Element.prototype, 'scrollTop')
beforeEach(() => {
  localStorage.clear()
  forgetLogSettings()
  Object.defineProperty(Element.prototype, 'scrollTop', {
    configurable: true,
    get(this: Element) {
      return kept.get(this) ?? 0
    },
    set(this: Element, value: number) {
      kept.set(this, value)
      queueMicrotask(() => fireEvent.scroll(this))
    },
  })
})
afterEach(() => {
  if (original) Object.defineProperty(Element.prototype, 'scrollTop', original)
})

const mine = runtime({ id: 'mine', name: 'my-runtime' })
const numbered = (count: number, from = 0): FakeLine[] =>
  Array.from({ length: count }, (_, index) => ({ text: `line ${from + index}` }))

async function openLog(log: FakeLog) {
  const opened = await openAt('/runtimes/mine?tab=logs', { runtimes: [mine], log })
  const grid = () => screen.findByRole('grid', { name: 'Lines of Log of my-runtime' })
  const rows = async () =>
    within(await grid())
      .getAllByRole('row')
      .map((row) => row.textContent)
  const tools = within(await screen.findByRole('group', { name: 'Tools for Log of my-runtime' }))
  const copied = () => opened.backend.calls.findLast(({ command }) => /write_text/.test(command))
  return { ...opened, grid, rows, tools, copied }
}

describe('a log', () => {
  it('opens at its end and follows, until the person scrolls up; what is new is counted', async () => {
    const log = new FakeLog(numbered(5000))
    const { user, grid, rows, tools } = await openLog(log)
    await waitFor(async () => expect(await rows()).toContain('line 4999'))
    act(() => log.append({ text: 'line 5000' }))
    await waitFor(async () => expect(await rows()).toContain('line 5000'))
    const scroller = await grid()
    expect(scroller.scrollTop).toBe(5001 * 20 - 800)
    await act(async () => {
      scroller.scrollTop = 2000
    })
    await waitFor(async () => expect(await rows()).toContain('line 100'))
    act(() => log.append(...numbered(1234, 5001)))
    await user.click(await tools.findByRole('button', { name: '1,234 new lines' }))
    await waitFor(async () => expect(await rows()).toContain('line 6234'))
    expect(tools.queryByRole('button', { name: /new line/ })).toBeNull()
  })

  it('keeps what is read in its place when older lines join', async () => {
    const log = new FakeLog(numbered(2000, 3000))
    log.whole = false
    const { grid, rows } = await openLog(log)
    expect(await screen.findByText(/Older lines are being read: 1,200/)).toBeVisible()
    const scroller = await grid()
    await waitFor(async () => expect(await rows()).toContain('line 4999'))
    await act(async () => {
      scroller.scrollTop = 2000
    })
    await waitFor(async () => expect(await rows()).toContain('line 3100'))
    act(() => log.prepend(numbered(3000)))
    await waitFor(() => expect(scroller.scrollTop).toBe(2000 + 3000 * 20))
    await waitFor(async () => expect(await rows()).toContain('line 3100'))
    expect(screen.getByText('5,000 lines')).toBeVisible()
  })

  it('is searched: count, next and previous, case, regular expressions, and only what matches', async () => {
    const log = new FakeLog([...numbered(300), { text: 'Needle 1' }, { text: 'a needle 2' }])
    const { user, rows, tools, grid } = await openLog(log)
    await waitFor(async () => expect(await rows()).toContain('line 299'))
    ;(await grid()).focus()
    await user.keyboard('{Control>}f{/Control}')
    expect(tools.getByRole('searchbox', { name: 'Search the log' })).toHaveFocus()
    await user.keyboard('needle')
    const state = tools.getByRole('status')
    await waitFor(() => expect(state).toHaveTextContent('1 of 2'))
    await user.keyboard('{Enter}')
    await waitFor(() => expect(state).toHaveTextContent('2 of 2'))
    await user.keyboard('{Shift>}{Enter}{/Shift}')
    await waitFor(() => expect(state).toHaveTextContent('1 of 2'))
    await user.keyboard('{F3}')
    await waitFor(() => expect(state).toHaveTextContent('2 of 2'))
    expect(await within(await grid()).findAllByText('needle')).toHaveLength(1)
    await user.click(tools.getByRole('button', { name: 'Match case' }))
    await waitFor(() => expect(state).toHaveTextContent('1 of 1'))
    await user.click(tools.getByRole('button', { name: 'Match case' }))
    await user.click(tools.getByRole('button', { name: 'Only matching lines' }))
    await waitFor(async () => expect(await rows()).toEqual(['Needle 1', 'a needle 2']))
    await user.clear(tools.getByRole('searchbox'))
    expect(await screen.findByText('302 lines')).toBeVisible()
    await user.click(tools.getByRole('button', { name: 'Regular expression' }))
    await user.type(tools.getByRole('searchbox'), 'needle (')
    expect(await tools.findByText('A parenthesis is not closed.')).toBeVisible()
    expect(screen.getByText('302 lines')).toBeVisible()
  })

  it('is filtered by level, node, line and run, and noise is hidden with its count', async () => {
    const { user, backend, rows, tools } = await openLog(new FakeLog(serviceLines(100)))
    await waitFor(async () => expect((await rows()).length).toBeGreaterThan(20))
    expect(screen.getByText('hidden: 5')).toBeVisible()
    await user.click(tools.getByRole('button', { name: 'Filter' }))
    const panel = within(await screen.findByRole('dialog', { name: 'Filter Log of my-runtime' }))
    for (const kind of ['Level', 'Node', 'Line', 'Run']) {
      expect(panel.getByRole('group', { name: kind })).toBeVisible()
    }
    await user.click(panel.getByRole('checkbox', { name: 'Error (5)' }))
    expect(await screen.findByText('5 of 100 lines')).toBeVisible()
    await user.click(panel.getByRole('checkbox', { name: 'Warning (20)' }))
    await user.click(panel.getByRole('checkbox', { name: 'answer (5)' }))
    await user.keyboard('{Escape}')
    await waitFor(async () => expect(await rows()).toHaveLength(5))
    await user.click(screen.getByRole('button', { name: 'Remove filter Node: answer' }))
    await waitFor(async () => expect((await rows()).length).toBeGreaterThan(5))
    await user.click(screen.getByRole('button', { name: 'Clear filters' }))
    await user.click(screen.getByRole('button', { name: 'Show' }))
    await waitFor(() => expect(backend.requests('filter_log').at(-1)?.filter.noise).toBe(true))
    expect(await screen.findByText('5 lines that say nothing are shown')).toBeVisible()
    await expectAccessible()
  })

  it('is walked with the keyboard: folds open, a range of lines is copied', async () => {
    const log = new FakeLog([
      ...numbered(400),
      { text: 'search runs long', summary: 'search.py:21 in search' },
      { text: '  File "search.py"', inside: true },
      { text: 'the end' },
    ])
    const { user, grid, rows, copied, backend } = await openLog(log)
    await waitFor(async () => expect(await rows()).toContain('the end'))
    const scroller = await grid()
    expect((await rows()).at(-2)).toContain('search.py:21 in search · +1 line')
    scroller.focus()
    await user.keyboard('{ArrowUp}{ArrowUp}{ArrowRight}')
    await waitFor(async () => expect(await rows()).toContain('  File "search.py"'))
    await user.keyboard('{ArrowLeft}')
    await waitFor(async () => expect(await rows()).not.toContain('  File "search.py"'))
    await user.keyboard('{Home}')
    await waitFor(async () => expect(await rows()).toContain('line 0'))
    expect(within(scroller).getByRole('row', { selected: true })).toHaveTextContent('line 0')
    expect(scroller).toHaveAttribute(
      'aria-activedescendant',
      within(scroller).getByRole('row', { selected: true }).id,
    )
    // From what is drawn to what is not.
    await user.keyboard('{Shift>}{PageDown}{PageDown}{PageDown}{/Shift}{Control>}c{/Control}')
    await waitFor(() => expect(copied()).toBeDefined())
    const { from, end } = backend.requests('read_log_text').at(-1) ?? {}
    expect([from, end]).toEqual([0, 118])
    expect(JSON.stringify(copied()?.request)).toContain('line 0\\nline 1\\n')
    expect(await screen.findByText('118 lines were copied')).toBeVisible()
    await user.keyboard('{End}')
    await waitFor(async () => expect(await rows()).toContain('the end'))
  })

  it('shows the whole of a line that was cut', async () => {
    const whole = 'x'.repeat(150_000)
    const { user } = await openLog(new FakeLog([{ text: 'x'.repeat(100), whole }]))
    await user.click(await screen.findByRole('button', { name: /^Show all 146 KB/ }))
    const dialog = within(await screen.findByRole('dialog', { name: 'The whole line' }))
    expect(await dialog.findByText('64 KB of 146 KB')).toBeVisible()
    await user.click(dialog.getByRole('button', { name: 'Show more' }))
    await user.click(await dialog.findByRole('button', { name: 'Show more' }))
    await waitFor(() => expect(dialog.queryByRole('button', { name: 'Show more' })).toBeNull())
    expect(dialog.getByText(whole)).toBeInTheDocument()
  })

  it('opens the person’s own code at its line', async () => {
    const { user, backend } = await openLog(
      new FakeLog([{ text: 'File search.py', place: ownPlace() }]),
    )
    await user.click(
      await screen.findByRole('button', {
        name: 'Open in VS Code: search.py, line 21, in search',
      }),
    )
    expect(
      backend.calls.find(({ command }) => command.startsWith('plugin:opener'))?.request,
    ).toEqual(
      expect.objectContaining({ url: 'vscode://file/home/anna/flows/answers/search.py:21' }),
    )
    expect(await screen.findByText('VS Code was asked to open line 21')).toBeVisible()
  })

  it('shows colours as its writer wanted, and the time as the person does', async () => {
    const time = '2026-11-24T14:02:03.120Z'
    const { user, grid } = await openLog(
      new FakeLog([
        {
          time,
          text: 'bad',
          pieces: [
            { text: 'bad', style: style({ bold: true, colour: { kind: 'theme', index: 1 } }) },
          ],
        },
      ]),
    )
    const piece = await within(await grid()).findByText('bad')
    expect(piece).toHaveStyle({ fontWeight: 600 })
    expect(piece.getAttribute('style')).toContain('--colorPaletteRedForeground1')
    const more = { name: 'More for Log of my-runtime' }
    await user.click(screen.getByRole('button', more))
    await user.click(await screen.findByRole('menuitemradio', { name: 'UTC' }))
    expect(await screen.findByText('24 Nov 14:02:03.120')).toBeVisible()
    await user.click(screen.getByRole('button', more))
    await user.click(await screen.findByRole('menuitemradio', { name: 'No time' }))
    await waitFor(() => expect(screen.queryByText(/14:02:03/)).toBeNull())
    expect(JSON.parse(localStorage.getItem('promptflow-runtimes.log') ?? '')).toMatchObject({
      times: 'off',
    })
  })

  it('tells why it cannot be read, and what ended', async () => {
    const log = new FakeLog([{ text: 'last words' }], {
      live: false,
      sources: [logSource({ following: false, ended: 'The container has ended.' })],
      notes: ['Older lines are gone.'],
    })
    await openLog(log)
    expect(await screen.findByText('The container has ended.')).toBeVisible()
    expect(screen.getByText('Older lines are gone.')).toBeVisible()
    act(() => log.change({ sources: [logSource()], notes: [] }))
    expect(screen.queryByText('The container has ended.')).toBeNull()
    act(() => log.change({ sources: [unreadableSource()] }))
    expect(
      await screen.findByText('Recreate the runtime with the log driver json-file or local.'),
    ).toBeVisible()
    await expectAccessible()
  })

  it('that cannot be opened is tried again', async () => {
    const log = new FakeLog([{ text: 'there' }])
    log.parts.problem = problem({ code: 'engine', sentence: 'It does not answer.', retry: true })
    const { user } = await openAt('/runtimes/mine?tab=logs', { runtimes: [mine], log })
    expect(await screen.findByText('It does not answer.')).toBeVisible()
    expect(screen.queryByRole('group', { name: /^Tools for/ })).toBeNull()
    delete log.parts.problem
    await user.click(screen.getByRole('button', { name: 'Try again' }))
    expect(await screen.findByText('there')).toBeVisible()
  })

  it('tells which node takes the time, and leads to the line and the code', async () => {
    const log = new FakeLog(serviceLines(400), { times: nodeTimes() })
    const { user, backend, tools, rows } = await openLog(log)
    await waitFor(async () => expect((await rows()).length).toBeGreaterThan(20))
    await user.click(tools.getByRole('button', { name: 'Node times' }))
    const table = within(
      await screen.findByRole('table', { name: 'Node times of Log of my-runtime' }),
    )
    const [, first] = table.getAllByRole('row')
    expect(first).toHaveTextContent('search126 min 52 s5 min 10 sRuns: 1')
    expect(screen.getByText('Your code: search.py, line 21, in search')).toBeVisible()
    expect(screen.getByText('Give the request in search.py a timeout.')).toBeVisible()
    await expectAccessible()
    await user.click(screen.getByRole('button', { name: 'Show in the log' }))
    await waitFor(() =>
      expect(screen.getByRole('row', { selected: true })).toHaveTextContent(
        'search has been running for 60 seconds',
      ),
    )
    expect(backend.requests('locate_in_log').at(-1)).toMatchObject({ number: 4 })
    expect(await rows()).toContain(
      `24 Nov ${new Date(Date.UTC(2026, 10, 24, 14, 0, 6)).toTimeString().slice(0, 8)}.000    return client.get(url)`,
    )
  })

  it('has nothing yet, or nothing that fits', async () => {
    const log = new FakeLog()
    await openLog(log)
    expect(await screen.findByText('Nothing was written yet')).toBeVisible()
    act(() => log.append({ text: 'first' }))
    expect(await screen.findByText('first')).toBeVisible()
  })
})
