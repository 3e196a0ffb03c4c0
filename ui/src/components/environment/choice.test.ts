import { describe, expect, it } from 'vitest'
import { environment, environmentVersion, rag } from '../../testing/environmentFixtures'
import { changedField, defaultEnvironment, environmentDraft, withImage, withNamed } from './choice'
import { chosenVersion, firstCustomized, pythonNumber } from './named'

const elsewhere = environment({
  name: 'elsewhere',
  versions: [environmentVersion({ number: 1, compute: 'podman' })],
})

describe('a choice of an environment', () => {
  it('keeps what was chosen of each kind, and sends the one that is shown', () => {
    const typed = withImage({ ...defaultEnvironment, version: '20240429.v8' }, ' r.example/i:1 ')
    const named = withNamed(typed, 'environment-rag', 3)
    expect(environmentDraft(named)).toEqual({
      kind: 'named',
      environment: 'environment-rag',
      version: 3,
    })
    expect(environmentDraft(withImage(named))).toEqual({
      kind: 'image',
      reference: 'r.example/i:1',
    })
    expect(environmentDraft({ ...named, kind: 'default' })).toEqual({
      kind: 'default',
      repository: null,
      version: '20240429.v8',
    })
  })

  it('asks for the newest version without a number', () => {
    expect(environmentDraft(withNamed(defaultEnvironment, 'environment-rag'))).toMatchObject({
      version: null,
    })
  })

  it('tells which field differs', () => {
    const named = withNamed(defaultEnvironment, 'environment-rag')
    expect(changedField(defaultEnvironment, named)).toBe('environment.named')
    expect(changedField(named, withNamed(named, 'environment-rag', 2))).toBe('environment.named')
    expect(changedField(named, withImage(named))).toBe('environment.kind')
    expect(changedField(named, withImage(named, 'i'))).toBe('environment.reference')
  })

  it('begins with the first environment that the compute has a version of, else with an image', () => {
    const all = [environment({ name: 'empty' }), elsewhere, rag()]
    expect(firstCustomized(defaultEnvironment, all, 'local').environment).toBe('environment-rag')
    expect(firstCustomized(defaultEnvironment, all, 'podman').environment).toBe(elsewhere.id)
    expect(firstCustomized(defaultEnvironment, all, 'far').kind).toBe('image')
  })

  it('is the newest version on the compute, or just the one with its number', () => {
    const mixed = rag({ versions: [...elsewhere.versions, ...rag().versions] })
    const named = withNamed(defaultEnvironment, mixed.id)
    expect(chosenVersion(mixed, named, 'local')?.number).toBe(3)
    expect(chosenVersion(mixed, { ...named, environmentVersion: 2 }, 'far')?.number).toBe(2)
    expect(chosenVersion(mixed, named, 'far')).toBeUndefined()
  })
})

it('of Python only its number is shown', () => {
  expect(pythonNumber(environmentVersion())).toBe('3.11.2')
  expect(pythonNumber(environmentVersion({ python: null }))).toBeNull()
})
