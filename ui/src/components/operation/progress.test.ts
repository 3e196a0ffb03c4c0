import { describe, expect, it } from 'vitest'
import type { PullProgress, Step } from '../../backend/types'
import { operation } from '../../testing/fixtures'
import { pullBar, shownState, stepEnd } from './progress'

const pull = (parts: Partial<PullProgress> = {}): PullProgress => ({
  layers: [],
  current: 50,
  total: 100,
  percent: 50,
  rate: 10,
  secondsLeft: 5,
  ...parts,
})

const step = (parts: Partial<Step> = {}): Step => ({
  kind: 'pull',
  state: 'running',
  note: null,
  started: '2026-11-24T14:00:00Z',
  finished: null,
  ...parts,
})

describe('what is said of a pull', () => {
  it('says no percent while the size is not known', () => {
    expect(pullBar(pull({ total: 0, percent: 0 }), 'running')).toEqual({
      percent: null,
      rate: 10,
      secondsLeft: null,
    })
  })

  it('says a hundred percent only when the step is done', () => {
    expect(pullBar(pull({ percent: 99.97 }), 'running').percent).toBe(99)
    expect(pullBar(pull({ percent: 100 }), 'running').percent).toBe(99)
    expect(pullBar(pull({ percent: 62.9 }), 'running').percent).toBe(62)
    expect(pullBar(pull({ percent: 62 }), 'done').percent).toBe(100)
  })

  it('says neither rate nor time left when nothing moves', () => {
    expect(pullBar(pull({ rate: 0, secondsLeft: 7 }), 'running')).toEqual({
      percent: 50,
      rate: null,
      secondsLeft: null,
    })
  })

  it.each(['failed', 'stopped', 'done', 'pending', 'skipped'] as const)(
    'says neither rate nor time left when the step is %s',
    (state) => {
      const { rate, secondsLeft } = pullBar(pull(), state)
      expect([rate, secondsLeft]).toEqual([null, null])
    },
  )
})

describe('a step', () => {
  it('is not under way any more when its operation has ended', () => {
    expect(shownState(step(), operation({ state: 'running' }))).toBe('running')
    expect(shownState(step(), operation({ state: 'cancelling' }))).toBe('running')
    expect(shownState(step(), operation({ state: 'cancelled' }))).toBe('stopped')
    expect(shownState(step({ state: 'failed' }), operation({ state: 'failed' }))).toBe('failed')
  })

  it('ends with its operation at the latest', () => {
    expect(stepEnd(step(), operation())).toBeNull()
    expect(stepEnd(step(), operation({ finished: '2026-11-24T14:01:00Z' }))).toBe(
      '2026-11-24T14:01:00Z',
    )
    expect(
      stepEnd(
        step({ finished: '2026-11-24T14:00:30Z' }),
        operation({ finished: '2026-11-24T14:01:00Z' }),
      ),
    ).toBe('2026-11-24T14:00:30Z')
  })
})
