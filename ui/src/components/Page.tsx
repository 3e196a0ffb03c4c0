import {
  Link as FluentLink,
  makeStyles,
  mergeClasses,
  tokens,
  typographyStyles,
} from '@fluentui/react-components'
import { ArrowLeft16Regular } from '@fluentui/react-icons'
import { type ReactNode, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { sizes } from '../theme'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalL,
    boxSizing: 'border-box',
    minHeight: '100%',
    padding: sizes.pagePadding,
  },
  fixed: { height: '100%', minHeight: 0 },
  head: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalM,
    rowGap: tokens.spacingVerticalS,
  },
  heading: {
    ...typographyStyles.title3,
    margin: 0,
    overflowWrap: 'anywhere',
    ':focus-visible': { outlineOffset: '4px' },
  },
  aside: { display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalM },
  actions: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    justifyContent: 'flex-end',
    gap: tokens.spacingHorizontalS,
    marginInlineStart: 'auto',
  },
  back: {
    display: 'inline-flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalXS,
    alignSelf: 'flex-start',
  },
  body: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL },
  fill: { flexGrow: 1, minHeight: 0 },
  notices: {
    display: 'flex',
    flexDirection: 'column',
    flexShrink: 0,
    rowGap: tokens.spacingVerticalS,
    ':empty': { display: 'none' },
  },
})

export interface PageProps {
  heading: string
  /** Beside the heading: status and the like. */
  aside?: ReactNode
  /** Top right; the page's one main action is filled, others subtle. */
  actions?: ReactNode
  /** A way back, above the heading. */
  back?: { label: string; to: string }
  /** Message bars about what is true now, above the body; they never scroll away or shrink. */
  notices?: ReactNode
  /** The body scrolls by itself (grids, logs) instead of the whole page. */
  fixed?: boolean
  children: ReactNode
}

let shownBefore = false

/** A page: its heading gets the focus when one comes to it, its name goes into the window's title. */
export function Page({
  heading,
  aside,
  actions,
  back,
  notices,
  fixed = false,
  children,
}: PageProps) {
  const styles = useStyles()
  const { t } = useTranslation()
  const navigate = useNavigate()
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${heading} – ${t('product')}`
  }, [heading, t])
  useEffect(() => {
    // Not at the start: there nothing was left that the focus could have come from.
    if (shownBefore) title.current?.focus({ preventScroll: true })
    shownBefore = true
  }, [])
  return (
    <div className={mergeClasses(styles.root, fixed && styles.fixed)}>
      {back ? (
        <FluentLink
          className={styles.back}
          href={`#${back.to}`}
          onClick={(event) => {
            event.preventDefault()
            navigate(back.to)
          }}
        >
          <ArrowLeft16Regular aria-hidden="true" />
          {back.label}
        </FluentLink>
      ) : null}
      <div className={styles.head}>
        <h1 ref={title} tabIndex={-1} className={styles.heading}>
          {heading}
        </h1>
        {aside ? <div className={styles.aside}>{aside}</div> : null}
        {actions ? <div className={styles.actions}>{actions}</div> : null}
      </div>
      {notices ? <div className={styles.notices}>{notices}</div> : null}
      <div className={mergeClasses(styles.body, fixed && styles.fill)}>{children}</div>
    </div>
  )
}
