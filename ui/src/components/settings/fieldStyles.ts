import { makeStyles, tokens } from '@fluentui/react-components'

/** What forms with settings share. */
export const useFieldStyles = makeStyles({
  fields: {
    // A grid: in a column of flexible boxes WebKit keeps a height of fields under each other, and the
    // buttons below jump at the first click.
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 1fr)',
    rowGap: tokens.spacingVerticalL,
  },
  group: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalM,
    margin: 0,
    padding: 0,
    border: 'none',
    minWidth: 0,
  },
  legend: {
    // A legend stands outside the gaps of its fieldset.
    padding: `0 0 ${tokens.spacingVerticalXS}`,
    margin: 0,
    fontFamily: tokens.fontFamilyBase,
    fontSize: tokens.fontSizeBase400,
    lineHeight: tokens.lineHeightBase400,
    fontWeight: tokens.fontWeightSemibold,
  },
  hint: { color: tokens.colorNeutralForeground3 },
  pair: {
    display: 'grid',
    // Fixed columns: with fitted ones WebKit keeps a height of fields under each other, and the
    // buttons below jump at the first click.
    gridTemplateColumns: 'repeat(2, minmax(0, 1fr))',
    '@media (max-width: 620px)': { gridTemplateColumns: 'minmax(0, 1fr)' },
    columnGap: tokens.spacingHorizontalL,
    rowGap: tokens.spacingVerticalM,
    alignItems: 'start',
  },
  row: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
  },
  list: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalS,
    margin: 0,
    padding: 0,
    listStyleType: 'none',
  },
  grow: { flexGrow: 1, flexBasis: '160px', minWidth: 0 },
  /** Lists of Fluent are wider than a column may be. */
  fit: { minWidth: 0 },
  start: { alignSelf: 'flex-start' },
  fold: { alignSelf: 'flex-start', paddingInlineStart: 0 },
})
