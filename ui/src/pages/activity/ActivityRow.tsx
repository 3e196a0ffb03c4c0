import { makeStyles, mergeClasses, Text, tokens } from '@fluentui/react-components'
import { ChevronDown16Regular, ChevronRight16Regular } from '@fluentui/react-icons'
import { type ReactNode, useId, useState } from 'react'
import { Lasting, Moment } from '../../components/Moment'

const useStyles = makeStyles({
  row: { borderBottom: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}` },
  head: {
    display: 'grid',
    gridTemplateColumns: '16px minmax(160px, 2fr) minmax(120px, 2fr) 112px minmax(96px, 1fr) 88px',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalM,
    width: '100%',
    minHeight: '36px',
    paddingInline: tokens.spacingHorizontalS,
    border: 'none',
    borderRadius: tokens.borderRadiusMedium,
    textAlign: 'start',
    fontFamily: tokens.fontFamilyBase,
    fontSize: tokens.fontSizeBase300,
    color: tokens.colorNeutralForeground1,
    backgroundColor: 'transparent',
    cursor: 'pointer',
    ':hover': { backgroundColor: tokens.colorSubtleBackgroundHover },
    ':focus-visible': { outline: `${tokens.strokeWidthThick} solid ${tokens.colorStrokeFocus2}` },
    '@media (max-width: 999px)': {
      gridTemplateColumns: '16px minmax(0, 1fr) 112px 128px',
    },
  },
  cut: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap', minWidth: 0 },
  wide: { '@media (max-width: 999px)': { display: 'none' } },
  quiet: { color: tokens.colorNeutralForeground3 },
  body: {
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalXXXL}`,
    maxWidth: '720px',
  },
  wideBody: { maxWidth: 'none' },
})

/** Something that was done, in a line that opens into all of it. */
export function ActivityRow({
  title,
  change,
  state,
  started,
  finished,
  running,
  wide = false,
  children,
}: {
  title: string
  change: string
  state: ReactNode
  started: string
  finished: string | null
  /** What is under way is what one came to see: it begins open. */
  running: boolean
  /** The body takes the whole width. */
  wide?: boolean
  children: ReactNode
}) {
  const styles = useStyles()
  const [open, setOpen] = useState(running)
  const id = useId()
  return (
    <li className={styles.row}>
      <button
        type="button"
        className={styles.head}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        {open ? (
          <ChevronDown16Regular aria-hidden="true" />
        ) : (
          <ChevronRight16Regular aria-hidden="true" />
        )}
        <Text weight="semibold" className={styles.cut}>
          {title}
        </Text>
        <Text className={mergeClasses(styles.cut, styles.wide)}>{change}</Text>
        {state}
        <Text className={mergeClasses(styles.cut, styles.quiet)}>
          <Moment time={started} />
        </Text>
        <Text className={mergeClasses(styles.wide, styles.quiet)}>
          <Lasting from={started} to={finished} />
        </Text>
      </button>
      <div id={id} hidden={!open} className={mergeClasses(styles.body, wide && styles.wideBody)}>
        {open ? children : null}
      </div>
    </li>
  )
}
