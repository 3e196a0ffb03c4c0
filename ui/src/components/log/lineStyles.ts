import { makeStyles, tokens } from '@fluentui/react-components'
import { sizes } from '../../theme'

/** The ground on which lines of text stand: it scrolls, and only lines in view are drawn on it. */
export const useLineStyles = makeStyles({
  scroller: {
    flexGrow: 1,
    minHeight: 0,
    overflow: 'auto',
    borderRadius: tokens.borderRadiusMedium,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    backgroundColor: tokens.colorNeutralBackground2,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    lineHeight: `${sizes.logRow}px`,
    userSelect: 'text',
    ':focus-visible': {
      outline: `${tokens.strokeWidthThick} solid ${tokens.colorStrokeFocus2}`,
    },
  },
  lines: { position: 'relative', minWidth: '100%' },
})
