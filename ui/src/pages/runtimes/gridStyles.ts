import { makeStyles } from '@fluentui/react-components'
import { sizes } from '../../theme'

/** What the heading and the rows of the grid share: its columns. */
export const useGridStyles = makeStyles({
  line: {
    display: 'grid',
    gridTemplateColumns:
      'minmax(140px, 1.8fr) 110px 136px minmax(84px, 1fr) minmax(76px, 2.1fr) 162px 98px 78px minmax(114px, 128px) 40px',
    boxSizing: 'border-box',
    width: '100%',
  },
  cell: {
    display: 'flex',
    alignItems: 'center',
    minWidth: 0,
    height: `${sizes.gridRow - 1}px`,
    paddingBlock: 0,
    paddingInline: '6px',
  },
})
