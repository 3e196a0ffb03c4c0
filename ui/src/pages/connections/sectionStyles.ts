import { makeStyles, tokens } from '@fluentui/react-components'
import { sizes } from '../../theme'

/** What the sections of the page share. */
export const useSectionStyles = makeStyles({
  page: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalXXL },
  section: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalM,
    maxWidth: sizes.readingWidth,
    minWidth: 0,
  },
  head: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    justifyContent: 'space-between',
    gap: tokens.spacingHorizontalM,
  },
  heading: { margin: 0 },
  purpose: { color: tokens.colorNeutralForeground2 },
})
