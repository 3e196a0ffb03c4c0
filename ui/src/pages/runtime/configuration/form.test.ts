import { describe, expect, it } from 'vitest'
import { configuration } from '../../../testing/configurationFixtures'
import { runtime } from '../../../testing/fixtures'
import { draftOf, firstField, formOf, isDirty, onto, sizeText } from './form'

const view = configuration(runtime())
const GB = 1024 ** 3

describe('the form of a configuration', () => {
  it('sends what it began with when nothing is typed', () => {
    const { variables, ...rest } = draftOf(formOf(view))
    expect(variables).toEqual(
      view.variables.map((name) => ({ name, value: null, confirmed: false })),
    )
    expect(rest).toEqual({
      description: view.description,
      hostPort: view.hostPort,
      bindAddress: view.bindAddress,
      confirmedExposure: false,
      memoryLimit: view.memoryLimit,
      cpuLimit: view.cpuLimit,
      mounts: view.mounts,
      restartPolicy: view.restartPolicy,
    })
    expect(isDirty(formOf(view), view)).toBe(false)
  })

  it('writes sizes without rounding them', () => {
    expect([null, 4 * GB, 1536 * 1024 ** 2, 200_000_000].map(sizeText)).toEqual([
      '',
      '4 GB',
      '1536 MB',
      '200000000 B',
    ])
    for (const memoryLimit of [4 * GB, 1536 * 1024 ** 2, 200_000_000]) {
      expect(draftOf(formOf({ ...view, memoryLimit })).memoryLimit).toBe(memoryLimit)
    }
  })

  it('puts what was typed onto what somebody else changed', () => {
    const form = formOf(view)
    const typed = {
      ...form,
      hostPort: '18099',
      variables: [
        { key: 2, name: 'TEAM_NAME', value: 'new', confirmed: false, there: true },
        { key: 3, name: 'MINE', value: '1', confirmed: false },
      ],
    }
    const now = {
      ...view,
      hostPort: 18090,
      cpuLimit: 4,
      variables: [...view.variables, 'THEIRS'],
      mounts: [],
    }
    const merged = draftOf(onto(typed, view, now))
    expect(merged).toMatchObject({ hostPort: 18099, cpuLimit: 4, mounts: [] })
    expect(merged.variables.map(({ name, value }) => [name, value])).toEqual([
      ['THEIRS', null],
      ['TEAM_NAME', 'new'],
      ['MINE', '1'],
    ])
  })

  it('goes to the first field on screen that has a problem', () => {
    expect(firstField(['mounts.0', 'variables.1', 'cpuLimit'])).toBe('cpuLimit')
    expect(firstField(['variables.10', 'variables.2'])).toBe('variables.2')
    expect(firstField([])).toBeUndefined()
  })
})
