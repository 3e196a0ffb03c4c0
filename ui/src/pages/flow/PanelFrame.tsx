import { Button, makeStyles, Subtitle2, Tooltip, tokens } from '@fluentui/react-components'
import { Dismiss20Regular } from '@fluentui/react-icons'
import { type ReactNode, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { PANEL } from './page'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    flexGrow: 1,
    minHeight: 0,
    minWidth: 0,
    borderRadius: tokens.borderRadiusMedium,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    backgroundColor: tokens.colorNeutralBackground1,
  },
  head: {
    display: 'flex',
    alignItems: 'center',
    flexShrink: 0,
    columnGap: tokens.spacingHorizontalS,
    minHeight: '40px',
    paddingInline: `${tokens.spacingHorizontalM} ${tokens.spacingHorizontalXS}`,
    borderBottom: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
  },
  icon: { lineHeight: 0, color: tokens.colorBrandForeground1 },
  heading: {
    margin: 0,
    flexGrow: 1,
    minWidth: 0,
    overflowWrap: 'anywhere',
    ':focus-visible': { outlineOffset: '2px' },
  },
  body: {
    display: 'flex',
    flexDirection: 'column',
    flexGrow: 1,
    minHeight: 0,
    rowGap: tokens.spacingVerticalM,
    padding: tokens.spacingHorizontalM,
    overflow: 'auto',
  },
})

/** The panel beside the graph. */
export function PanelFrame({
  heading,
  icon,
  aside,
  onClose,
  children,
}: {
  heading: string
  icon?: ReactNode
  /** At the right of the heading. */
  aside?: ReactNode
  onClose?: () => void
  children: ReactNode
}) {
  const styles = useStyles()
  const { t } = useTranslation()
  const body = useRef<HTMLDivElement>(null)
  const before = useRef<string | null>(null)
  useEffect(() => {
    // What it showed before has nothing to do with where one was in it.
    if (before.current !== null && body.current) body.current.scrollTop = 0
    before.current = heading
  }, [heading])
  return (
    <section
      aria-labelledby={PANEL}
      className={styles.root}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && onClose && !event.defaultPrevented) onClose()
      }}
    >
      <div className={styles.head}>
        {icon ? <span className={styles.icon}>{icon}</span> : null}
        <Subtitle2 as="h2" id={PANEL} tabIndex={-1} className={styles.heading}>
          {heading}
        </Subtitle2>
        {aside}
        {onClose ? (
          <Tooltip content={t('close')} relationship="label">
            <Button
              size="small"
              appearance="subtle"
              icon={<Dismiss20Regular />}
              onClick={onClose}
            />
          </Tooltip>
        ) : null}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard has to reach what scrolls */}
      <div ref={body} tabIndex={0} className={styles.body}>
        {children}
      </div>
    </section>
  )
}
