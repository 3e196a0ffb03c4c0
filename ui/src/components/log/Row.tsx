import { Button, Link, makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import { ChevronDown12Regular, ChevronRight12Regular } from '@fluentui/react-icons'
import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import type { LogLine, LogPiece, LogPlace } from '../../backend/types'
import { formatBytes, formatExact } from '../../format'
import { sizes, sourceColor } from '../../theme'
import { type Ground, lookOf } from './look'
import { usePlaceText } from './place'
import { formatLogTime, TIME_WIDTH, type Times } from './settings'

const useStyles = makeStyles({
  row: {
    position: 'absolute',
    top: 0,
    left: 0,
    display: 'flex',
    minWidth: '100%',
    height: `${sizes.logRow}px`,
    boxSizing: 'border-box',
    columnGap: '1ch',
    paddingInline: `${tokens.spacingHorizontalS} ${tokens.spacingHorizontalM}`,
    whiteSpace: 'pre',
    borderInlineStartWidth: '3px',
    borderInlineStartStyle: 'solid',
    borderInlineStartColor: 'transparent',
  },
  found: { backgroundColor: tokens.colorNeutralBackground2Hover },
  chosen: { backgroundColor: tokens.colorNeutralBackground2Selected },
  current: {
    outline: `${tokens.strokeWidthThin} solid ${tokens.colorStrokeFocus2}`,
    outlineOffset: '-1px',
  },
  warning: { borderInlineStartColor: tokens.colorStatusWarningBorder2 },
  error: {
    color: tokens.colorStatusDangerForeground1,
    borderInlineStartColor: tokens.colorStatusDangerBorder2,
  },
  quiet: { color: tokens.colorNeutralForeground3, userSelect: 'none' },
  faint: { color: tokens.colorNeutralForeground3 },
  gutter: {
    display: 'inline-flex',
    alignItems: 'center',
    justifyContent: 'center',
    width: '16px',
    marginInlineEnd: '-1ch',
    flexShrink: 0,
    userSelect: 'none',
  },
  turn: {
    minWidth: '16px',
    width: '16px',
    height: '16px',
    padding: 0,
    color: tokens.colorNeutralForeground2,
  },
  source: { userSelect: 'none', overflow: 'hidden', textOverflow: 'ellipsis', flexShrink: 0 },
  action: { fontFamily: tokens.fontFamilyBase, fontSize: 'inherit', lineHeight: 'inherit' },
  mark: {
    color: tokens.colorNeutralForeground1,
    backgroundColor: tokens.colorPaletteMarigoldBackground2,
    borderRadius: tokens.borderRadiusSmall,
  },
  heard: {
    position: 'absolute',
    width: '1px',
    height: '1px',
    overflow: 'hidden',
    clipPath: 'inset(50%)',
    userSelect: 'none',
  },
})

/** As wide as a time. */
const NO_TIME = ' '.repeat(TIME_WIDTH)

/** What can be done with a line. */
export interface RowActions {
  fold: (line: LogLine) => void
  open: (place: LogPlace) => void
  whole: (line: LogLine) => void
}

function Piece({ piece, ground }: { piece: LogPiece; ground: Ground }) {
  const styles = useStyles()
  const { text, style, found } = piece
  const className = style?.faint ? styles.faint : undefined
  if (found) return <mark className={styles.mark}>{text}</mark>
  if (!style) return text
  return (
    <span className={className} style={lookOf(style, ground)}>
      {text}
    </span>
  )
}

/** A line; it is drawn again only when something of it changes. */
export const Row = memo(function Row({
  id,
  line,
  row,
  start,
  ground,
  times,
  source,
  sourceWidth,
  current,
  chosen,
  actions,
}: {
  id: string
  line: LogLine
  /** From 1. */
  row: number
  start: number
  ground: Ground
  times: Times
  /** Name of the source, in a merged log. */
  source: string | null
  sourceWidth: number
  /** The keyboard is here. */
  current: boolean
  chosen: boolean
  actions: RowActions
}) {
  const styles = useStyles()
  const { t } = useTranslation('log')
  const placeText = usePlaceText()
  const { fold, place, time, level } = line
  return (
    // biome-ignore lint/a11y/useSemanticElements: rows of a virtual list are no table
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus and names the row that is chosen
    <div
      role="row"
      id={id}
      aria-rowindex={row}
      aria-selected={chosen}
      data-index={line.index}
      className={mergeClasses(
        styles.row,
        level === 'warning' && styles.warning,
        (level === 'error' || level === 'critical') && styles.error,
        line.pieces.some(({ found }) => found) && styles.found,
        chosen && styles.chosen,
        current && styles.current,
      )}
      style={{ transform: `translateY(${start}px)` }}
      title={time ? formatExact(time) : undefined}
    >
      {source === null ? null : (
        // biome-ignore lint/a11y/useSemanticElements: rows of a virtual list are no table
        // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus
        <span
          role="gridcell"
          className={styles.source}
          style={{
            width: `${sourceWidth}ch`,
            color: sourceColor[line.source % sourceColor.length],
          }}
        >
          {source}
        </span>
      )}
      {times === 'off' ? null : (
        // biome-ignore lint/a11y/useSemanticElements: rows of a virtual list are no table
        // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus
        <span role="gridcell" className={styles.quiet}>
          {time === null ? NO_TIME : formatLogTime(time, times)}
        </span>
      )}
      {/* biome-ignore lint/a11y/useSemanticElements: rows of a virtual list are no table */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus */}
      <span role="gridcell" className={styles.gutter}>
        {fold ? (
          <Button
            size="small"
            appearance="transparent"
            tabIndex={-1}
            className={styles.turn}
            aria-expanded={!fold.folded}
            aria-label={t(fold.folded ? 'fold.open' : 'fold.close', { count: fold.lines })}
            icon={fold.folded ? <ChevronRight12Regular /> : <ChevronDown12Regular />}
            onClick={(event) => {
              event.stopPropagation()
              actions.fold(line)
            }}
          />
        ) : null}
      </span>
      {/* biome-ignore lint/a11y/useSemanticElements: rows of a virtual list are no table */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus */}
      <span role="gridcell">
        {line.error ? <span className={styles.heard}>{t('error')} </span> : null}
        {line.pieces.map((piece, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces have nothing else and never move
          <Piece key={index} piece={piece} ground={ground} />
        ))}
        {fold?.folded ? (
          <span className={styles.quiet}>
            {'  '}
            {[fold.summary, t('fold.hidden', { count: fold.lines })].filter(Boolean).join(' · ')}
          </span>
        ) : null}
        {line.cut === null ? null : (
          <>
            {'… '}
            <Link
              as="button"
              tabIndex={-1}
              className={styles.action}
              onClick={() => actions.whole(line)}
            >
              {t('cut.show', { size: formatBytes(line.cut) })}
            </Link>
          </>
        )}
        {place?.path ? (
          <>
            {'  '}
            <Link
              as="button"
              tabIndex={-1}
              className={styles.action}
              aria-label={t('place.open', { place: placeText(place) })}
              onClick={() => actions.open(place)}
            >
              {t('place.openShort')}
            </Link>
          </>
        ) : null}
      </span>
    </div>
  )
})
