import { describe, expect, it } from 'vitest'
import { candidate, problem, runtime, updatePreview } from '../../testing/fixtures'
import { type Chosen, firstDoubt, membersOf, moved, withDecisions } from './order'

const of = (name: string, parts = {}) =>
  candidate(runtime({ id: `runtime-${name}`, name }), { name, ...parts })

const names = (chosen: readonly Chosen[]) => chosen.map(({ candidate }) => candidate.name)

describe('what is to be updated', () => {
  it('is everything but what the person does not want by itself or has to confirm', () => {
    const doubtful = of('doubtful', {
      preview: updatePreview(runtime(), { confirmations: [problem({ code: 'knownBad' })] }),
    })
    const chosen = withDecisions(
      [of('a'), of('b', { never: true }), of('c', { skipped: true }), doubtful],
      [],
    )
    expect(chosen.map(({ checked }) => checked)).toEqual([true, false, false, false])
    expect(firstDoubt(chosen)).toBeUndefined()
    const all = chosen.map((one) => ({ ...one, checked: true }))
    expect(firstDoubt(all)?.candidate.name).toBe('doubtful')
    expect(firstDoubt(all.map((one) => ({ ...one, confirmed: true })))).toBeUndefined()
  })

  it('keeps its order and decisions when versions are looked at again', () => {
    const decided = moved(withDecisions([of('a'), of('b'), of('c')], []), 2, -1).map((one) =>
      one.candidate.name === 'a' ? { ...one, checked: false } : one,
    )
    const again = withDecisions([of('a'), of('b'), of('c'), of('d')], decided)
    expect(names(again)).toEqual(['a', 'c', 'b', 'd'])
    expect(again[0]?.checked).toBe(false)
    const newer = withDecisions([of('a', { to: '20240501.v1' })], decided)
    expect(newer[0]?.checked).toBe(true)
  })

  it('moves by one and stays at its ends', () => {
    expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c'])
    expect(moved(['a', 'b', 'c'], 0, -1)).toEqual(['a', 'b', 'c'])
    expect(moved(['a', 'b', 'c'], 2, 1)).toEqual(['a', 'b', 'c'])
  })

  it('is told with the digest that was shown', () => {
    const [first, second] = withDecisions([of('a'), of('b', { never: true })], [])
    expect(membersOf([first as Chosen, second as Chosen])).toEqual([
      {
        runtime: 'runtime-a',
        environment: first?.candidate.environment,
        to: '20240429.v10',
        digest: 'sha256:cd34ef56ab12cd34ef56',
        confirmed: false,
      },
    ])
  })
})
