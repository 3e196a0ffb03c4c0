import { describe, expect, it } from 'vitest'
import { applyChange } from '../../state/live'
import { manyRuntimes, runtime } from '../../testing/fixtures'
import { countFilters, needsAttention, startView, visibleRows } from './view'

const names = (rows: { name: string }[]) => rows.map(({ name }) => name)

/** A runtime on this version of the environment `rag`, whose image has a digest only. */
function ofEnvironment(id: string, name: string, version: number) {
  const { spec, ...parts } = runtime({ id, name, version: null })
  const image = 'registry.example.com/team/flows@sha256:ab'
  return runtime({
    ...parts,
    image,
    environment: 'rag',
    endpoint: null,
    creator: 'anna',
    spec: spec && {
      ...spec,
      environment: { kind: 'named', id: 'environment-rag', name: 'rag', version, image },
    },
  })
}

describe('the rows shown', () => {
  const runtimes = manyRuntimes()

  it('are counted for each pill', () => {
    expect(countFilters(runtimes, startView)).toEqual({
      all: 12,
      available: 7,
      attention: 3,
      updates: 2,
    })
  })

  it('are filtered by compute and creator before they are counted', () => {
    expect(countFilters(runtimes, { ...startView, compute: 'podman' }).all).toBe(1)
    expect(countFilters(runtimes, { ...startView, onlyMine: true }).all).toBe(11)
  })

  it('have every word of the search somewhere', () => {
    expect(names(visibleRows(runtimes, { ...startView, search: 'EVAL v10' }))).toEqual(['eval'])
    expect(names(visibleRows(runtimes, { ...startView, search: 'ben@gpu' }))).toEqual([
      'team-shared',
    ])
    expect(visibleRows(runtimes, { ...startView, search: 'nowhere' })).toEqual([])
  })

  it('need attention when failed, not answering, diagnosed or held by somebody else', () => {
    expect(needsAttention(runtime())).toBe(false)
    expect(needsAttention(runtime({ status: 'Unavailable' }))).toBe(true)
    expect(needsAttention(runtime({ lock: { who: 'x', since: null, ours: false } }))).toBe(true)
    expect(needsAttention(runtime({ lock: { who: 'x', since: null, ours: true } }))).toBe(false)
  })

  it('sort versions by their numbers, with unknown ones last in both directions', () => {
    const rows = [
      runtime({ id: '1', name: 'ten', version: '20240429.v10' }),
      runtime({ id: '2', name: 'none', version: null }),
      runtime({ id: '3', name: 'nine', version: '20240429.v9' }),
    ]
    const sorted = (descending: boolean) =>
      names(visibleRows(rows, { ...startView, sort: { column: 'version', descending } }))
    expect(sorted(false)).toEqual(['nine', 'ten', 'none'])
    expect(sorted(true)).toEqual(['ten', 'nine', 'none'])
  })

  it('sort versions of environments after dated ones, in both directions', () => {
    const rows = [
      runtime({ id: '1', name: 'old', version: '20240429.v9' }),
      ofEnvironment('2', 'third', 3),
      runtime({ id: '3', name: 'none', version: null }),
      ofEnvironment('4', 'tenth', 10),
      runtime({ id: '5', name: 'new', version: '20240429.v10' }),
    ]
    const sorted = (descending: boolean) =>
      names(visibleRows(rows, { ...startView, sort: { column: 'version', descending } }))
    expect(sorted(true)).toEqual(['new', 'old', 'tenth', 'third', 'none'])
    expect(sorted(false)).toEqual(['old', 'new', 'third', 'tenth', 'none'])
  })

  it('are found by their environment and its version', () => {
    const rows = [ofEnvironment('1', 'third', 3), ofEnvironment('2', 'fourth', 4), runtime()]
    expect(names(visibleRows(rows, { ...startView, search: 'rag' }))).toEqual(['fourth', 'third'])
    expect(names(visibleRows(rows, { ...startView, search: 'rag 4' }))).toEqual(['fourth'])
  })

  it('sort by live readings', () => {
    const rows = [runtime({ id: 'a', name: 'calm' }), runtime({ id: 'b', name: 'busy' })]
    const reading = (id: string, cpuPercent: number) => ({
      runtime: id,
      usage: { cpuPercent, memory: 1, memoryLimit: 2 },
    })
    applyChange({ kind: 'usage', readings: [reading('a', 1), reading('b', 90)] })
    expect(
      names(visibleRows(rows, { ...startView, sort: { column: 'cpu', descending: true } })),
    ).toEqual(['busy', 'calm'])
  })
})
