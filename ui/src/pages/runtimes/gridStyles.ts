import { makeStyles } from '@fluentui/react-components'
import { sizes } from '../../theme'

/** What the heading and the rows of the grid share: its columns. */
export const useGridStyles = makeStyles({
  line: {
    display: 'grid',
    gridTemplateColumns:
      '28px minmax(128px, 1.8fr) 110px 134px minmax(86px, 1fr) minmax(70px, 2.1fr) 160px 94px 72px minmax(108px, 128px) 38px',
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
