import { makeStyles, tokens } from '@fluentui/react-components'
import { sizes } from '../../theme'

/** Layout of the wizard's page: steps, form, summary; under each other where there is no room. */
export const useWizardStyles = makeStyles({
  columns: {
    display: 'grid',
    gridTemplateColumns: `208px minmax(0, ${sizes.formWidth}) minmax(200px, 280px)`,
    columnGap: '32px',
    rowGap: tokens.spacingVerticalL,
    alignItems: 'start',
    '@media (max-width: 1199px)': { gridTemplateColumns: 'minmax(0, 1fr)' },
  },
  form: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalXL,
    maxWidth: sizes.formWidth,
    minWidth: 0,
  },
  heading: { margin: 0 },
  buttons: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalS,
    rowGap: tokens.spacingVerticalS,
  },
  last: { marginInlineStart: 'auto' },
})

export const useProgressStyles = makeStyles({
  column: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalL,
    maxWidth: sizes.formWidth,
  },
  quiet: { color: tokens.colorNeutralForeground2 },
})
