import {
  makeStyles,
  mergeClasses,
  Table,
  TableBody,
  TableHeader,
  TableHeaderCell,
  TableRow,
  tokens,
  useArrowNavigationGroup,
} from '@fluentui/react-components'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useLayoutEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Runtime } from '../../backend/types'
import { useSideways } from '../../components/grid/useSideways'
import { useRowsInView } from '../../state/rowsInView'
import { sizes } from '../../theme'
import { GridRow } from './GridRow'
import { useGridStyles } from './gridStyles'
import { COLUMNS, type Column, type View } from './view'

const useStyles = makeStyles({
  scroller: {
    flexGrow: 1,
    minHeight: 0,
    overflow: 'auto',
    borderRadius: tokens.borderRadiusMedium,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
  },
  table: { minWidth: '1028px', borderCollapse: 'separate' },
  header: {
    position: 'sticky',
    top: 0,
    zIndex: 1,
    backgroundColor: tokens.colorNeutralBackground1,
  },
  body: { position: 'relative' },
  heading: { fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
  heard: {
    position: 'absolute',
    width: '1px',
    height: '1px',
    overflow: 'hidden',
    clipPath: 'inset(50%)',
  },
})

/** About what stands above the rows, in pixels; only for the first drawing. */
const ABOVE = 190

/** Name of the mark in the page's timeline: the first frame with runtimes in it was drawn. */
const SHOWN = 'runtimes shown'

/** Whether runtimes have been on screen; marks the first time, so that the start can be measured. */
function useShown(): boolean {
  const [shown, setShown] = useState(() => performance.getEntriesByName(SHOWN).length > 0)
  useLayoutEffect(() => {
    if (shown) return
    // The first request comes before this frame, the one with the rows, is drawn; the second after it.
    let frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => {
        performance.mark(SHOWN)
        setShown(true)
      })
    })
    return () => cancelAnimationFrame(frame)
  }, [shown])
  return shown
}

/** The grid: virtual rows, one tab stop, arrow keys inside. */
export function RuntimeGrid({
  rows,
  sort,
  onSort,
  chosen,
  onChoose,
  onDelete,
}: {
  rows: Runtime[]
  sort: View['sort']
  onSort: (sort: View['sort']) => void
  /** Ids of the runtimes that are chosen. */
  chosen: ReadonlySet<string>
  onChoose: (runtime: string, chosen: boolean) => void
  onDelete: (runtime: Runtime) => void
}) {
  const styles = useStyles()
  const { line, cell } = useGridStyles()
  const { t } = useTranslation('runtimes')
  const { scroller, fades } = useSideways<HTMLDivElement>()
  const keys = useArrowNavigationGroup({ axis: 'grid', memorizeCurrent: true })
  const shown = useShown()
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (rows[index]?.finding ? sizes.gridRowWithFinding : sizes.gridRow),
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: shown ? 6 : 0,
    // What is seen at first is drawn at once, not after a look at the size.
    initialRect: { width: window.innerWidth, height: window.innerHeight - ABOVE },
  })
  const items = virtual.getVirtualItems()
  useRowsInView(items.flatMap(({ index }) => rows[index]?.id ?? []))
  // A row that gains or loses its finding changes its height.
  const heights = rows.map(({ finding }) => (finding ? '2' : '1')).join('')
  const measured = useRef(heights)
  if (measured.current !== heights) {
    measured.current = heights
    virtual.measure()
  }
  const choose = (column: Column) =>
    onSort({ column, descending: sort.column === column ? !sort.descending : false })
  return (
    <div ref={scroller} className={mergeClasses(styles.scroller, fades)}>
      <Table
        noNativeElements
        role="grid"
        size="small"
        sortable
        aria-label={t('grid')}
        aria-rowcount={rows.length + 1}
        className={styles.table}
        {...keys}
      >
        <TableHeader className={styles.header}>
          <TableRow className={line} aria-rowindex={1}>
            <TableHeaderCell className={cell} sortable={false}>
              <span className={styles.heard}>{t('column.choose')}</span>
            </TableHeaderCell>
            {COLUMNS.map((column) => (
              <TableHeaderCell
                key={column}
                className={mergeClasses(cell, styles.heading)}
                sortDirection={
                  sort.column === column
                    ? sort.descending
                      ? 'descending'
                      : 'ascending'
                    : undefined
                }
                onClick={() => choose(column)}
              >
                {t(`column.${column}`)}
              </TableHeaderCell>
            ))}
            <TableHeaderCell className={cell} sortable={false}>
              <span className={styles.heard}>{t('column.actions')}</span>
            </TableHeaderCell>
          </TableRow>
        </TableHeader>
        <TableBody className={styles.body} style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, key, start, size }) => {
            const runtime = rows[index]
            return runtime ? (
              <GridRow
                key={key}
                runtime={runtime}
                index={index}
                start={start}
                size={size}
                plain={!shown}
                chosen={chosen.has(runtime.id)}
                onChoose={onChoose}
                onDelete={onDelete}
              />
            ) : null
          })}
        </TableBody>
      </Table>
    </div>
  )
}
