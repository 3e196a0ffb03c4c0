import { describe, expect, it } from 'vitest'
import { isLoopback, parsePort, parseSize } from '../../components/settings/settingsForm'
import { draftOf, emptyForm, inOrder, localProblems, stepOfField, withProposal } from './form'

const GB = 1024 ** 3

describe('sizes as people write them', () => {
  it.each([
    ['4 GB', 4 * GB],
    ['4', 4 * GB],
    ['512mb', 512 * 1024 ** 2],
    ['1,5 g', 1.5 * GB],
    ['2 GiB', 2 * GB],
    ['1048576 b', 1048576],
  ])('%s is read', (text, bytes) => expect(parseSize(text)).toBe(bytes))

  it.each(['', 'much', '4 XB', '-1 GB', '4 GB 2'])('%j is not a size', (text) =>
    expect(parseSize(text)).toBeNull(),
  )
})

it('a port is a whole number from 1 to 65535', () => {
  expect(['1', ' 18080 ', '65535'].map(parsePort)).toEqual([1, 18080, 65535])
  expect(['0', '65536', '80.5', '-1', 'http', ''].map(parsePort)).toEqual(Array(6).fill(null))
})

it('only addresses of the machine itself are loopback', () => {
  expect(['127.0.0.1', '127.1.2.3', '::1'].every(isLoopback)).toBe(true)
  expect(['0.0.0.0', '192.168.1.2', '::', '127.0.0.1.evil.example'].some(isLoopback)).toBe(false)
})

describe('a form', () => {
  const form = { ...emptyForm, compute: 'local', name: 'x' }

  it('with defaults has no problem and asks for nothing special', () => {
    expect([...localProblems(form)]).toEqual([])
    expect(draftOf(form)).toMatchObject({
      environment: { kind: 'default', repository: null, version: null },
      hostPort: 0,
      bindAddress: '127.0.0.1',
      confirmedExposure: false,
      memoryLimit: null,
      cpuLimit: null,
      targetPort: null,
    })
  })

  it('names every field that is no number, no size, or not confirmed', () => {
    const bad = {
      ...form,
      compute: '',
      environment: { ...form.environment, kind: 'image' as const },
      hostPort: 'x',
      targetPort: '70000',
      memoryLimit: 'much',
      cpuLimit: '-1',
      bindAddress: '0.0.0.0',
    }
    expect([...localProblems(bad).keys()].sort()).toEqual([
      'compute',
      'confirmedExposure',
      'cpuLimit',
      'environment.reference',
      'hostPort',
      'memoryLimit',
      'targetPort',
    ])
  })

  it('does not keep a confirmation for an address that needs none', () => {
    expect(draftOf({ ...form, confirmedExposure: true }).confirmedExposure).toBe(false)
    const exposed = { ...form, bindAddress: '0.0.0.0', confirmedExposure: true }
    expect(draftOf(exposed).confirmedExposure).toBe(true)
    expect([...localProblems(exposed)]).toEqual([])
  })

  it('takes a proposal only into fields that nobody touched', () => {
    const proposal = { name: 'proposed', hostPort: 18091, repository: 'r/x', memory: 1, cpus: 1 }
    const typed = { ...form, name: 'mine' }
    expect(withProposal(typed, proposal, new Set(['name']))).toMatchObject({
      name: 'mine',
      hostPort: '18091',
    })
  })
})

it('fields stand in the order of the screen, rows by their number', () => {
  const fields = ['mounts.0', 'variables.10', 'variables.2', 'targetPort', 'hostPort', 'name']
  expect(inOrder(fields)).toEqual([
    'name',
    'hostPort',
    'variables.2',
    'variables.10',
    'mounts.0',
    'targetPort',
  ])
  expect(['name', 'environment.version', 'variables.2'].map(stepOfField)).toEqual([
    'name',
    'environment',
    'settings',
  ])
})
