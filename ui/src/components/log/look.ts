import type { LogColour, LogStyle } from '../../backend/types'
import { terminalColor, terminalGround } from '../../theme'

/** Contrast that small text needs. */
const LEAST = 4.5

function channels(hex: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = channels(hex).map((value) =>
    value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4,
  )
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** How much two colours (`#rrggbb`) differ in brightness: 1 to 21. */
export function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a)
  return (light + 0.05) / (dark + 0.05)
}

function towards(hex: string, end: number, part: number): string {
  return `#${channels(hex)
    .map((value) =>
      Math.round((value + (end - value) * part) * 255)
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`
}

/** A colour, made lighter or darker until it can be read on a ground. */
export function legible(hex: string, ground: string): string {
  const end = luminance(ground) > 0.18 ? 0 : 1
  for (let part = 0; part < 1; part += 0.1) {
    const colour = towards(hex, end, part)
    if (contrast(colour, ground) >= LEAST) return colour
  }
  return end === 0 ? '#000000' : '#ffffff'
}

/** The ground of a log and its text, as `#rrggbb`, by the theme. */
export interface Ground {
  ground: string
  text: string
}

const kept = new Map<string, React.CSSProperties>()

function textOf(colour: LogColour | null, ground: string): string | undefined {
  if (!colour) return undefined
  return colour.kind === 'theme' ? terminalColor[colour.index] : legible(colour.hex, ground)
}

/** Colours of text on a ground of its own: what cannot be read on it is told by the theme's text. */
function onGround(background: LogColour, colour: LogColour | null, { text }: Ground) {
  if (background.kind === 'theme') return { backgroundColor: terminalGround[background.index] }
  const wanted = colour?.kind === 'exact' ? colour.hex : text
  return { backgroundColor: background.hex, color: legible(wanted, background.hex) }
}

function colours(style: LogStyle, ground: Ground): React.CSSProperties {
  const { colour, background, inverse } = style
  if (inverse) {
    if (colour) return onGround(colour, background, ground)
    return { backgroundColor: ground.text, color: ground.ground }
  }
  if (background) return onGround(background, colour, ground)
  const color = textOf(colour, ground.ground)
  return color === undefined ? {} : { color }
}

/** How a piece of a line looks; the same object for the same style. */
export function lookOf(style: LogStyle, ground: Ground): React.CSSProperties {
  const key = `${ground.ground} ${JSON.stringify(style)}`
  const known = kept.get(key)
  if (known) return known
  const lines = [style.underline && 'underline', style.strike && 'line-through'].filter(Boolean)
  const look: React.CSSProperties = {
    ...colours(style, ground),
    ...(style.bold ? { fontWeight: 600 } : {}),
    ...(style.italic ? { fontStyle: 'italic' } : {}),
    ...(lines.length > 0 ? { textDecorationLine: lines.join(' ') } : {}),
  }
  // Programs may use millions of colours.
  if (kept.size > 2000) kept.clear()
  kept.set(key, look)
  return look
}
