import {
  type BrandVariants,
  createDarkTheme,
  createLightTheme,
  type Theme,
  tokens,
} from '@fluentui/react-components'

/** Hue of the one accent, in degrees of OKLCH. */
const HUE = 272

/** Lightness of the ramp's sixteen shades, 10 to 160. */
const LIGHTNESS = [
  0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.51, 0.57, 0.63, 0.69, 0.75, 0.8, 0.85, 0.9, 0.95,
]

function oklchToHex(lightness: number, chroma: number, hue: number): string {
  const angle = (hue * Math.PI) / 180
  const a = chroma * Math.cos(angle)
  const b = chroma * Math.sin(angle)
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ]
  const hex = linear.map((channel) => {
    const bounded = Math.min(1, Math.max(0, channel))
    const encoded = bounded <= 0.0031308 ? 12.92 * bounded : 1.055 * bounded ** (1 / 2.4) - 0.055
    return Math.round(encoded * 255)
      .toString(16)
      .padStart(2, '0')
  })
  return `#${hex.join('')}`
}

/** The brand ramp: one hue, more colour in the middle than at the ends. */
export const brand = Object.fromEntries(
  LIGHTNESS.map((lightness, index) => {
    const chroma = 0.19 * Math.sin(Math.PI * Math.min(0.97, 0.12 + lightness * 0.82))
    return [(index + 1) * 10, oklchToHex(lightness, chroma, HUE)]
  }),
) as unknown as BrandVariants

const font = {
  fontFamilyBase: "system-ui, -apple-system, 'Segoe UI', Cantarell, 'Noto Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'Cascadia Mono', 'DejaVu Sans Mono', monospace",
}

export const lightTheme: Theme = { ...createLightTheme(brand), ...font }

const dark = createDarkTheme(brand)
export const darkTheme: Theme = {
  ...dark,
  ...font,
  // The first is too dark for small text on a dark ground.
  colorStatusDangerForeground1: dark.colorStatusDangerForeground2,
  // So that it is legible on the ground of a row that is chosen, too.
  colorStatusSuccessForeground1: dark.colorStatusSuccessForeground2,
  // On dark grounds the ramp's middle is too dark for text.
  colorBrandForeground1: brand[120],
  colorBrandForeground2: brand[130],
  colorBrandForegroundLink: brand[120],
  colorBrandForegroundLinkHover: brand[130],
  colorBrandForegroundLinkPressed: brand[110],
}

/** Sizes that are ours, all on the 4 px grid. */
export const sizes = {
  /** Rows of grids, where people compare. */
  gridRow: 36,
  /** A grid row that tells a finding under its name. */
  gridRowWithFinding: 60,
  /** A grid row with a second, smaller line in it. */
  gridRowOfTwoLines: 48,
  logRow: 20,
  packageRow: 32,
  navigation: '200px',
  navigationNarrow: '56px',
  /** Under this width the navigation shows icons only. */
  narrowWindow: '1000px',
  formWidth: '640px',
  readingWidth: '1200px',
  cardWidth: '320px',
  pagePadding: '24px',
} as const

/** A row that is chosen; every tone is legible on it, and its mark needs no colour to be seen. */
export const chosenRow = {
  backgroundColor: tokens.colorSubtleBackgroundHover,
  boxShadow: `inset 3px 0 0 ${tokens.colorCompoundBrandStroke}`,
} as const

/** Meanings that have a colour. */
export type Tone = 'good' | 'working' | 'quiet' | 'warning' | 'bad'

/** Foreground colour of each tone; a shape and a word always go with it. */
export const toneColor: Record<Tone, string> = {
  good: tokens.colorStatusSuccessForeground1,
  working: tokens.colorBrandForeground1,
  quiet: tokens.colorNeutralForeground3,
  warning: tokens.colorStatusWarningForeground3,
  bad: tokens.colorStatusDangerForeground1,
}

/**
 * Colours that a program may ask a terminal for, as text: black, red, green, yellow, blue, magenta, cyan, white, and
 * the same again bright. Each is legible on the ground of a log in both themes, black and white too.
 */
export const terminalColor: readonly string[] = [
  tokens.colorNeutralForeground1,
  tokens.colorPaletteRedForeground1,
  tokens.colorPaletteGreenForeground1,
  tokens.colorPaletteGoldForeground2,
  tokens.colorPaletteBlueForeground2,
  tokens.colorPaletteBerryForeground2,
  tokens.colorPaletteTealForeground2,
  tokens.colorNeutralForeground2,
  tokens.colorNeutralForeground3,
  tokens.colorPaletteDarkOrangeForeground1,
  tokens.colorPaletteGreenForeground3,
  tokens.colorPaletteMarigoldForeground2,
  tokens.colorPaletteCornflowerForeground2,
  tokens.colorPaletteBerryForeground1,
  tokens.colorPaletteLightTealForeground2,
  tokens.colorNeutralForeground1,
]

/** The same as a ground for plain text. */
export const terminalGround: readonly string[] = [
  tokens.colorNeutralBackground5,
  tokens.colorPaletteRedBackground2,
  tokens.colorPaletteGreenBackground2,
  tokens.colorPaletteGoldBackground2,
  tokens.colorPaletteBlueBackground2,
  tokens.colorPaletteBerryBackground2,
  tokens.colorPaletteTealBackground2,
  tokens.colorNeutralBackground4,
  tokens.colorNeutralBackground5,
  tokens.colorPaletteDarkOrangeBackground2,
  tokens.colorPaletteGreenBackground2,
  tokens.colorPaletteMarigoldBackground2,
  tokens.colorPaletteCornflowerBackground2,
  tokens.colorPaletteBerryBackground2,
  tokens.colorPaletteLightTealBackground2,
  tokens.colorNeutralBackground4,
]

/** Colours by which the sources of a merged log are told apart; their names stand beside them. */
export const sourceColor: readonly string[] = [
  tokens.colorPaletteBlueForeground2,
  tokens.colorPaletteDarkOrangeForeground1,
  tokens.colorPaletteGreenForeground1,
  tokens.colorPaletteBerryForeground1,
  tokens.colorPaletteTealForeground2,
  tokens.colorPaletteRedForeground1,
  tokens.colorPaletteGoldForeground2,
  tokens.colorPaletteCornflowerForeground2,
]
