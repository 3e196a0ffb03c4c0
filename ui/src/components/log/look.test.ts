import { describe, expect, it } from 'vitest'
import type { LogStyle } from '../../backend/types'
import { darkTheme, lightTheme, terminalColor, terminalGround } from '../../theme'
import { contrast, legible, lookOf } from './look'

const plain: LogStyle = {
  bold: false,
  faint: false,
  italic: false,
  underline: false,
  strike: false,
  inverse: false,
  colour: null,
  background: null,
}

const themes = [lightTheme, darkTheme]
/** The value of a token, which is written as `var(--name)`. */
const inTheme = (token: string | undefined, theme: typeof lightTheme) =>
  theme[token?.slice(6, -1) as keyof typeof theme] as string

describe('colours that programs write', () => {
  it('are legible in both themes, as text and as ground', () => {
    for (const theme of themes) {
      for (const token of terminalColor) {
        const ratio = contrast(inTheme(token, theme), theme.colorNeutralBackground2)
        expect(ratio, token).toBeGreaterThanOrEqual(4.5)
      }
      for (const token of terminalGround) {
        const ratio = contrast(inTheme(token, theme), theme.colorNeutralForeground1)
        expect(ratio, token).toBeGreaterThanOrEqual(4.5)
      }
    }
  })

  it('of any value are made lighter or darker until they are', () => {
    for (const theme of themes) {
      const ground = theme.colorNeutralBackground2
      for (const hex of ['#ffffff', '#000000', '#ffff00', '#0000ff', '#00ff00', '#808080']) {
        expect(contrast(legible(hex, ground), ground), hex).toBeGreaterThanOrEqual(4.5)
      }
    }
    expect(legible('#000080', '#fafafa')).toBe('#000080')
  })

  it('change places when they are inverse, and keep weight and lines', () => {
    const ground = { ground: '#fafafa', text: '#242424' }
    expect(lookOf({ ...plain, inverse: true }, ground)).toEqual({
      backgroundColor: '#242424',
      color: '#fafafa',
    })
    expect(lookOf({ ...plain, bold: true, strike: true, underline: true }, ground)).toEqual({
      fontWeight: 600,
      textDecorationLine: 'underline line-through',
    })
    const onYellow = lookOf(
      {
        ...plain,
        colour: { kind: 'exact', hex: '#ffff55' },
        background: { kind: 'exact', hex: '#ffff00' },
      },
      ground,
    )
    expect(contrast(String(onYellow.color), '#ffff00')).toBeGreaterThanOrEqual(4.5)
  })
})
