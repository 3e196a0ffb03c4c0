import { describe, expect, it } from 'vitest'
import { english } from '../messages'
import { looks } from './looks'

const generated = import.meta.glob<string>('../backend/generated/*.ts', {
  query: '?raw',
  import: 'default',
  eager: true,
})

/** Words between quotes after an `=`, as the generated union spells them. */
function union(file: string, pattern: RegExp): string[] {
  const text = generated[`../backend/generated/${file}.ts`] ?? ''
  return [...text.slice(text.indexOf('export type')).matchAll(pattern)].map(
    ([, word]) => word ?? '',
  )
}

describe('the table of problems', () => {
  const codes = union('ProblemCode', /"(\w+)"/g)

  it('has a look and a title for each code, and none for others', () => {
    expect(codes.length).toBeGreaterThan(10)
    expect(Object.keys(looks).sort()).toEqual([...codes].sort())
    expect(Object.keys(english.problems.title).sort()).toEqual([...codes].sort())
  })

  it('has words for each remedy', () => {
    const kinds = union('Remedy', /"kind": "(\w+)"/g)
    expect(kinds).toContain('tryAgain')
    expect(Object.keys(english.problems.remedy)).toEqual(expect.arrayContaining(kinds))
  })

  it('speaks calmly', () => {
    const text = JSON.stringify(english)
    expect(text).not.toMatch(/!|\bplease\b|\bfailed to\b/i)
    expect(text).not.toMatch(/"(OK|Yes|No)"/)
  })
})
