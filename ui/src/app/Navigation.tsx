import { makeStyles, mergeClasses, Text, Tooltip, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { NavLink } from 'react-router'
import { useNarrow } from '../components/useUnder'
import { sizes } from '../theme'
import { Mark } from './Mark'
import { navigation } from './pages'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    boxSizing: 'border-box',
    width: sizes.navigation,
    flexShrink: 0,
    padding: tokens.spacingVerticalS,
    backgroundColor: tokens.colorNeutralBackground3,
    borderInlineEndWidth: tokens.strokeWidthThin,
    borderInlineEndStyle: 'solid',
    borderInlineEndColor: tokens.colorNeutralStroke2,
    overflowY: 'auto',
  },
  narrow: { width: sizes.navigationNarrow },
  brand: {
    display: 'flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalS,
    padding: '8px 8px 16px',
    whiteSpace: 'nowrap',
    overflow: 'hidden',
  },
  list: {
    display: 'flex',
    flexDirection: 'column',
    flexGrow: 1,
    rowGap: tokens.spacingVerticalXXS,
    listStyleType: 'none',
    margin: 0,
    padding: 0,
  },
  last: { marginTop: 'auto' },
  link: {
    position: 'relative',
    display: 'flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalM,
    height: '36px',
    paddingInline: '10px',
    borderRadius: tokens.borderRadiusMedium,
    color: tokens.colorNeutralForeground2,
    textDecorationLine: 'none',
    fontFamily: tokens.fontFamilyBase,
    fontSize: tokens.fontSizeBase300,
    ':hover': {
      backgroundColor: tokens.colorNeutralBackground3Hover,
      color: tokens.colorNeutralForeground1,
    },
    ':focus-visible': {
      outline: `${tokens.strokeWidthThick} solid ${tokens.colorStrokeFocus2}`,
    },
  },
  current: {
    backgroundColor: tokens.colorNeutralBackground1,
    color: tokens.colorNeutralForeground1,
    fontWeight: tokens.fontWeightSemibold,
    '::before': {
      content: '""',
      position: 'absolute',
      insetInlineStart: 0,
      top: '10px',
      bottom: '10px',
      width: '3px',
      borderRadius: tokens.borderRadiusCircular,
      backgroundColor: tokens.colorBrandBackground,
    },
  },
  icon: { display: 'flex', fontSize: '20px' },
})

export function Navigation() {
  const styles = useStyles()
  const { t } = useTranslation()
  const narrow = useNarrow()
  return (
    <nav
      aria-label={t('navigation.label')}
      className={mergeClasses(styles.root, narrow && styles.narrow)}
    >
      <div className={styles.brand}>
        <Mark />
        {narrow ? null : <Text weight="semibold">Prompt flow</Text>}
      </div>
      <ul className={styles.list}>
        {navigation.map(({ key, to, icon, last }) => {
          const name = t(`navigation.${key}`)
          const link = (
            <NavLink
              to={to}
              aria-label={name}
              className={({ isActive }) => mergeClasses(styles.link, isActive && styles.current)}
            >
              <span className={styles.icon} aria-hidden="true">
                {icon}
              </span>
              {narrow ? null : <span>{name}</span>}
            </NavLink>
          )
          return (
            <li key={key} className={last ? styles.last : undefined}>
              {narrow ? (
                <Tooltip content={name} relationship="label" positioning="after">
                  {link}
                </Tooltip>
              ) : (
                link
              )}
            </li>
          )
        })}
      </ul>
    </nav>
  )
}
