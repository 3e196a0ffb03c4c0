import { waitFor } from '@testing-library/react'
import { afterEach, describe, expect, it } from 'vitest'
import { installFakeBackend } from '../../testing/fakeBackend'
import { type FakeLine, FakeLog } from '../../testing/fakeLog'
import { KEPT_PAGES, PAGE } from './pages'
import { everything, LogSession } from './session'

const lines = (count: number, from = 0): FakeLine[] =>
  Array.from({ length: count }, (_, index) => ({ text: `line ${from + index}` }))

let close: () => void = () => undefined
afterEach(() => close())

async function open(log: FakeLog, filter = everything) {
  const backend = installFakeBackend({ log })
  const session = new LogSession(filter)
  close = session.open({ kind: 'runtimes', runtimes: ['mine'] })
  await waitFor(() => expect(session.get().state).not.toBeNull())
  await waitFor(() => expect(session.get().view.end).toBe(session.get().state?.view.end))
  const text = (index: number) =>
    session
      .line(index)
      ?.pieces.map((piece) => piece.text)
      .join('')
  return { backend, session, text }
}

describe('an open log', () => {
  it('reads its end only, and what is looked at', async () => {
    const { backend, session, text } = await open(new FakeLog(lines(100_000)))
    expect(text(99_999)).toBe('line 99999')
    expect(text(0)).toBeUndefined()
    session.follow(false)
    session.look(0, 40)
    await waitFor(() => expect(text(0)).toBe('line 0'))
    expect(backend.requests('read_log').every(({ count }) => count <= 1000)).toBe(true)
  })

  it('keeps a bounded number of lines, however much was looked at', async () => {
    const { session, text } = await open(new FakeLog(lines(40_000)))
    session.follow(false)
    for (let first = 0; first < 39_000; first += 500) {
      session.look(first, first + 40)
      await waitFor(() => expect(text(first + 39)).toBe(`line ${first + 39}`))
    }
    expect(session.kept).toBeLessThanOrEqual(KEPT_PAGES * PAGE)
  })

  it('reads once at a time while lines pour in, and only what is seen', async () => {
    const log = new FakeLog(lines(100))
    const { backend, session, text } = await open(log)
    for (let burst = 0; burst < 50; burst += 1) log.append(...lines(1000, 100 + burst * 1000))
    await waitFor(() => expect(text(50_099)).toBe('line 50099'))
    expect(session.get().view.end).toBe(50_100)
    expect(backend.requests('read_log').length).toBeLessThan(10)
  })

  it('changes the page once for what is told and the lines that it tells of', async () => {
    const log = new FakeLog(lines(100))
    const { session, text } = await open(log)
    let changes = 0
    session.subscribe(() => {
      changes += 1
    })
    log.append(...lines(1000, 100))
    await waitFor(() => expect(text(1099)).toBe('line 1099'))
    expect(session.get().state?.end).toBe(1100)
    expect(changes).toBe(1)
  })

  it('counts what comes while the end is not looked at', async () => {
    const log = new FakeLog(lines(500))
    const { session } = await open(log)
    session.follow(false)
    session.look(0, 40)
    log.append(...lines(7, 500))
    await waitFor(() => expect(session.get().waiting).toBe(7))
    session.follow(true)
    expect(session.get().waiting).toBe(0)
  })

  it('keeps pages when older lines join', async () => {
    const log = new FakeLog(lines(300, 500))
    log.whole = false
    const { session, text } = await open(log)
    session.follow(false)
    session.look(100, 140)
    await waitFor(() => expect(text(100)).toBe('line 600'))
    log.prepend(lines(500))
    await waitFor(() => expect(session.get().view.first).toBe(-500))
    expect(text(100)).toBe('line 600')
    session.look(-500, -460)
    await waitFor(() => expect(text(-500)).toBe('line 0'))
  })

  it('keeps the place of a line when the filter gives other indexes', async () => {
    const log = new FakeLog(
      lines(1000).map((line, index) => ({ ...line, level: index % 2 ? 'error' : 'info' })),
    )
    const { session, text } = await open(log)
    session.follow(false)
    session.look(400, 440)
    await session.filter({ levels: ['error'] }, { number: 401, offset: 12, chosen: false })
    await waitFor(() => expect(session.get().jump).not.toBeNull())
    const { jump, view } = session.get()
    expect(view.end).toBe(500)
    expect(jump).toEqual({ index: 200, at: 12, choose: false })
    expect(text(200)).toBe('line 401')
  })

  it('shows a later filter only, whatever order answers come in', async () => {
    const { session } = await open(
      new FakeLog(lines(100).map((line, index) => ({ ...line, node: index % 2 ? 'a' : 'b' }))),
    )
    await Promise.all([
      session.filter({ nodes: ['a'] }, null),
      session.filter({ nodes: [] }, null),
      session.filter({ nodes: ['b'] }, null),
    ])
    await waitFor(() => expect(session.get().view.end).toBe(50))
    expect(session.line(0)?.node).toBe('b')
  })

  it('is filtered as asked from the beginning', async () => {
    const log = new FakeLog([{ text: 'head' }, { text: 'in', inside: true }, { text: 'after' }])
    const { session, text } = await open(log, { ...everything, folded: true })
    await waitFor(() => expect(session.get().view.end).toBe(2))
    expect(session.line(0)?.fold).toEqual({ lines: 1, folded: true, summary: null })
    await session.fold(0, false, null)
    await waitFor(() => expect(text(1)).toBe('in'))
  })

  it('reads the group at the end again when it grew behind a page', async () => {
    const log = new FakeLog([...lines(PAGE - 1), { text: 'head' }])
    const { session } = await open(log, { ...everything, folded: true })
    expect(session.line(PAGE - 1)?.fold).toBeNull()
    log.append({ text: 'in', inside: true }, { text: 'after' })
    await waitFor(() => expect(session.line(PAGE - 1)?.fold?.lines).toBe(1))
  })

  it('goes to what is found, opens its fold, and goes round', async () => {
    const log = new FakeLog([
      ...lines(200),
      { text: 'head' },
      { text: 'needle one', inside: true },
      ...lines(200, 300),
      { text: 'needle two' },
    ])
    const { session, text } = await open(log, { ...everything, folded: true })
    await session.search({ text: 'needle', expression: false, case: false }, 0)
    await waitFor(() => expect(session.get().jump?.index).toBe(201))
    expect(session.get().search).toMatchObject({ matches: { lines: 2 }, current: { ordinal: 1 } })
    expect(text(201)).toBe('needle one')
    expect(session.line(201)?.pieces[0]).toEqual({ text: 'needle', found: true })
    await session.find(false, 0)
    expect(session.get().search.current?.ordinal).toBe(2)
    await session.find(false, 0)
    expect(session.get().search.current?.ordinal).toBe(1)
    await session.find(true, 0)
    expect(session.get().search.current?.ordinal).toBe(2)
  })

  it('marks what is found in lines that were read before, and takes it away again', async () => {
    const { session } = await open(new FakeLog(lines(3)))
    await session.search({ text: '2', expression: false, case: false }, null)
    await waitFor(() => expect(session.line(2)?.pieces[1]).toEqual({ text: '2', found: true }))
    await session.search(null, null)
    await waitFor(() => expect(session.line(2)?.pieces).toEqual([{ text: 'line 2' }]))
  })

  it('tells why something cannot be searched for', async () => {
    const { session } = await open(new FakeLog(lines(3)))
    await session.search({ text: '(', expression: true, case: false }, 0)
    expect(session.get().search.problem).toMatchObject({ field: 'text' })
    await session.search({ text: '(1|2)', expression: true, case: false }, 0)
    expect(session.get().search).toMatchObject({ problem: null, matches: { lines: 2 } })
  })
})
