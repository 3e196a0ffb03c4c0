import {
  makeStyles,
  mergeClasses,
  SkeletonItem,
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  tokens,
  useArrowNavigationGroup,
} from '@fluentui/react-components'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useEffect, useRef } from 'react'
import { chosenRow, sizes } from '../../theme'
import { useSideways } from './useSideways'

/** What stands in all rows under one heading. */
export interface GridColumn {
  key: string
  heading: ReactNode
  /** A track of a CSS grid; its least width in pixels counts for scrolling sideways. */
  width: number
  /** It takes what is left of the width. */
  grows?: boolean
  /** Numbers stand at the right. */
  number?: boolean
  /** The rows can be sorted by it. */
  sorts?: boolean
}

const useStyles = makeStyles({
  scroller: {
    overflow: 'auto',
    // Beside the heading, some rows.
    minHeight: '120px',
    maxHeight: 'min(640px, 70vh)',
    borderRadius: tokens.borderRadiusMedium,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
  },
  fills: { flexGrow: 1, minHeight: 0, maxHeight: 'none' },
  table: { borderCollapse: 'separate' },
  header: {
    position: 'sticky',
    top: 0,
    zIndex: 1,
    backgroundColor: tokens.colorNeutralBackground1,
  },
  heading: { fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
  line: { display: 'grid', boxSizing: 'border-box', width: '100%' },
  row: { position: 'absolute', top: 0, left: 0 },
  chosen: chosenRow,
  body: { position: 'relative' },
  cell: {
    display: 'flex',
    alignItems: 'center',
    minWidth: 0,
    height: `${sizes.gridRow - 1}px`,
    paddingBlock: 0,
    paddingInline: '6px',
  },
  number: { justifyContent: 'flex-end', fontVariantNumeric: 'tabular-nums' },
  waiting: { width: '60%' },
})

/** Rows of one height, of which only those in view are drawn: one tab stop, arrow keys inside. */
export function VirtualGrid({
  label,
  columns,
  count,
  rowKey,
  cells,
  chosen,
  sort,
  onSort,
  onOpen,
  onVisible,
  fills = false,
}: {
  label: string
  columns: readonly GridColumn[]
  count: number
  rowKey: (index: number) => string | number
  /** One for each column; `null` = not known yet. */
  cells: (index: number) => readonly ReactNode[] | null
  /** Whether a row is the one that is shown elsewhere. */
  chosen?: (index: number) => boolean
  sort?: { column: string; descending: boolean }
  onSort?: (column: string) => void
  /** A double click. */
  onOpen?: (index: number) => void
  /** The first and the last row that are drawn. */
  onVisible?: (first: number, last: number) => void
  /** As high as there is room, instead of as its rows. */
  fills?: boolean
}) {
  const styles = useStyles()
  const { scroller, fades } = useSideways<HTMLDivElement>()
  const keys = useArrowNavigationGroup({ axis: 'grid', memorizeCurrent: true })
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => sizes.gridRow,
    overscan: 8,
  })
  const items = virtual.getVirtualItems()
  const first = items[0]?.index ?? 0
  const last = items.at(-1)?.index ?? 0
  const told = useRef(onVisible)
  told.current = onVisible
  useEffect(() => told.current?.(first, last), [first, last])
  const template = columns
    .map(({ width, grows }) => (grows ? `minmax(${width}px, 1fr)` : `${width}px`))
    .join(' ')
  const minWidth = columns.reduce((sum, { width }) => sum + width, 0)
  return (
    <div ref={scroller} className={mergeClasses(styles.scroller, fades, fills && styles.fills)}>
      <Table
        noNativeElements
        role="grid"
        size="small"
        sortable={onSort !== undefined}
        aria-label={label}
        aria-rowcount={count + 1}
        className={styles.table}
        style={{ minWidth }}
        {...keys}
      >
        <TableHeader className={styles.header}>
          <TableRow
            className={styles.line}
            style={{ gridTemplateColumns: template }}
            aria-rowindex={1}
          >
            {columns.map(({ key, heading, number, sorts }) => (
              <TableHeaderCell
                key={key}
                sortable={sorts === true}
                className={mergeClasses(styles.cell, styles.heading, number && styles.number)}
                {...(number ? { button: { className: styles.number } } : {})}
                {...(sorts
                  ? {
                      onClick: () => onSort?.(key),
                      sortDirection:
                        sort?.column === key
                          ? sort.descending
                            ? ('descending' as const)
                            : ('ascending' as const)
                          : undefined,
                    }
                  : {})}
              >
                {heading}
              </TableHeaderCell>
            ))}
          </TableRow>
        </TableHeader>
        <TableBody className={styles.body} style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, start, size }) => {
            const contents = cells(index)
            const isChosen = chosen?.(index) === true
            return (
              <TableRow
                key={rowKey(index)}
                className={mergeClasses(styles.line, styles.row, isChosen && styles.chosen)}
                style={{
                  gridTemplateColumns: template,
                  height: size,
                  transform: `translateY(${start}px)`,
                }}
                aria-rowindex={index + 2}
                onDoubleClick={() => onOpen?.(index)}
              >
                {columns.map(({ key, number }, column) => (
                  <TableCell
                    key={key}
                    role="gridcell"
                    className={mergeClasses(styles.cell, number && styles.number)}
                  >
                    {contents === null ? (
                      <SkeletonItem size={12} className={styles.waiting} />
                    ) : (
                      contents[column]
                    )}
                  </TableCell>
                ))}
              </TableRow>
            )
          })}
        </TableBody>
      </Table>
    </div>
  )
}
