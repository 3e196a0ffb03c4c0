import { describe, expect, it } from 'vitest'
import { LOG_LINES, LogLines } from './logLines'

const lines = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => ({
    time: null,
    error: false,
    text: `line ${from + index}`,
  }))

describe('a followed log', () => {
  it('keeps the last lines only, and knows that older ones are gone', () => {
    const log = new LogLines()
    log.add(lines(LOG_LINES))
    expect(log.get().lines).toHaveLength(LOG_LINES)
    log.add(lines(10, LOG_LINES))
    const view = log.get()
    expect(view.lines.length).toBeLessThanOrEqual(LOG_LINES)
    expect(view.lines.at(-1)?.text).toBe(`line ${LOG_LINES + 9}`)
    expect(view.lines[0]?.text).toBe(`line ${view.first}`)
    expect(view.first).toBeGreaterThan(0)
  })

  it('stands still while paused and counts what waits', () => {
    const log = new LogLines()
    log.add(lines(3))
    log.pause()
    log.add(lines(2, 3))
    expect(log.get().lines).toHaveLength(3)
    expect(log.get().waiting).toBe(2)
    log.resume()
    expect(log.get().lines).toHaveLength(5)
    expect(log.get().waiting).toBe(0)
  })

  it('begins again', () => {
    const log = new LogLines()
    log.add(lines(3))
    log.end('The container ended.')
    expect(log.get().ended).toBe('The container ended.')
    log.reset()
    expect(log.get()).toMatchObject({ lines: [], ended: null, paused: false })
  })
})
