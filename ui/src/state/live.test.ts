import { describe, expect, it, vi } from 'vitest'
import { operation, runtime } from '../testing/fixtures'
import { applyChange, isRunning, live, USAGE_READINGS } from './live'

const reading = (id: string, cpuPercent: number) => ({
  runtime: id,
  usage: { cpuPercent, memory: 1024, memoryLimit: 4096 },
})

describe('the live stores', () => {
  it('hold rows by id and forget removed ones together with their readings', () => {
    applyChange({
      kind: 'runtimes',
      changed: [runtime({ id: 'a' }), runtime({ id: 'b' })],
      removed: [],
    })
    applyChange({ kind: 'usage', readings: [reading('a', 3), reading('b', 4)] })
    applyChange({ kind: 'runtimes', changed: [runtime({ id: 'b', name: 'new' })], removed: ['a'] })
    expect(live.runtimes.all().map(({ id, name }) => [id, name])).toEqual([['b', 'new']])
    expect(live.usage.get('a')).toBeUndefined()
    expect(live.usage.get('b')?.now.cpuPercent).toBe(4)
  })

  it('tell a reading to its own row only, and to no listener of the list', () => {
    applyChange({
      kind: 'runtimes',
      changed: [runtime({ id: 'a' }), runtime({ id: 'b' })],
      removed: [],
    })
    const list = vi.fn()
    const ofA = vi.fn()
    const ofB = vi.fn()
    live.runtimes.subscribe(list)
    live.usage.subscribeKey('a', ofA)
    live.usage.subscribeKey('b', ofB)
    const before = live.runtimes.all()
    applyChange({ kind: 'usage', readings: [reading('a', 5)] })
    expect(ofA).toHaveBeenCalledTimes(1)
    expect(ofB).not.toHaveBeenCalled()
    expect(list).not.toHaveBeenCalled()
    expect(live.runtimes.all()).toBe(before)
  })

  it('keep a bounded number of readings, newest last', () => {
    for (let count = 1; count <= USAGE_READINGS + 5; count += 1) {
      applyChange({ kind: 'usage', readings: [reading('a', count)] })
    }
    const { cpu } = live.usage.get('a') ?? { cpu: [] }
    expect(cpu).toHaveLength(USAGE_READINGS)
    expect(cpu.at(-1)).toBe(USAGE_READINGS + 5)
  })

  it('drop the readings of a runtime that stopped', () => {
    applyChange({ kind: 'usage', readings: [reading('a', 5)] })
    applyChange({
      kind: 'runtimes',
      changed: [runtime({ id: 'a', status: 'Stopped', started: null })],
      removed: [],
    })
    expect(live.usage.get('a')).toBeUndefined()
  })

  it('know which operations run', () => {
    expect(isRunning(operation({ state: 'cancelling' }))).toBe(true)
    expect(isRunning(operation({ state: 'goingBack' }))).toBe(true)
    expect(isRunning(operation({ state: 'cancelled' }))).toBe(false)
  })

  it('stop telling who no longer listens', () => {
    const listener = vi.fn()
    const stop = live.runtimes.subscribeKey('a', listener)
    stop()
    applyChange({ kind: 'runtimes', changed: [runtime({ id: 'a' })], removed: [] })
    expect(listener).not.toHaveBeenCalled()
  })
})
