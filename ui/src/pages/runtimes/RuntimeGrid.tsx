import {
  makeStyles,
  mergeClasses,
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
import { memo, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import type { Runtime } from '../../backend/types'
import { Moment } from '../../components/Moment'
import { useRowsInView } from '../../state/rowsInView'
import { sizes } from '../../theme'
import {
  CpuCell,
  EndpointCell,
  FindingLine,
  MemoryCell,
  NameCell,
  StatusCell,
  VersionCell,
} from './cells'
import { RowMenu } from './RowMenu'
import { COLUMNS, type Column, type View } from './view'

const useStyles = makeStyles({
  scroller: {
    flexGrow: 1,
    minHeight: 0,
    overflow: 'auto',
    borderRadius: tokens.borderRadiusMedium,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
  },
  table: { minWidth: '1052px', borderCollapse: 'separate' },
  header: {
    position: 'sticky',
    top: 0,
    zIndex: 1,
    backgroundColor: tokens.colorNeutralBackground1,
  },
  body: { position: 'relative' },
  line: {
    display: 'grid',
    gridTemplateColumns:
      'minmax(140px, 1.8fr) 110px 136px minmax(84px, 1fr) minmax(76px, 2.1fr) 162px 98px 78px minmax(114px, 128px) 40px',
    boxSizing: 'border-box',
    width: '100%',
  },
  row: { position: 'absolute', top: 0, left: 0, alignContent: 'start' },
  cell: {
    display: 'flex',
    alignItems: 'center',
    minWidth: 0,
    height: `${sizes.gridRow - 1}px`,
    paddingBlock: 0,
    paddingInline: '6px',
  },
  heading: { fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
  cut: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  heard: {
    position: 'absolute',
    width: '1px',
    height: '1px',
    overflow: 'hidden',
    clipPath: 'inset(50%)',
  },
  finding: {
    gridColumn: '1 / -1',
    display: 'flex',
    height: `${sizes.gridRowWithFinding - sizes.gridRow}px`,
    minWidth: 0,
    alignItems: 'flex-start',
  },
})

interface RowProps {
  runtime: Runtime
  index: number
  start: number
  size: number
  onDelete: (runtime: Runtime) => void
}

/** Draws again only when its own runtime changes or moves; readings reach their cells directly. */
const Row = memo(function Row({ runtime, index, start, size, onDelete }: RowProps) {
  const styles = useStyles()
  const navigate = useNavigate()
  const [menu, setMenu] = useState(false)
  const cell = styles.cell
  return (
    <TableRow
      className={mergeClasses(styles.line, styles.row)}
      style={{ height: size, transform: `translateY(${start}px)` }}
      aria-rowindex={index + 2}
      onContextMenu={(event) => {
        event.preventDefault()
        setMenu(true)
      }}
      onDoubleClick={() => navigate(paths.runtime(runtime.id))}
      onKeyDown={(event) => {
        if (event.key === 'Delete' && runtime.operation === null && runtime.lock === null) {
          event.preventDefault()
          onDelete(runtime)
        } else if (event.key === 'ContextMenu' || (event.shiftKey && event.key === 'F10')) {
          event.preventDefault()
          setMenu(true)
        }
      }}
    >
      <TableCell className={cell} role="rowheader">
        <NameCell runtime={runtime} />
      </TableCell>
      <TableCell className={cell}>
        <StatusCell runtime={runtime} />
      </TableCell>
      <TableCell className={cell}>
        <VersionCell runtime={runtime} />
      </TableCell>
      <TableCell className={cell}>
        <span className={styles.cut} title={runtime.environment}>
          {runtime.environment}
        </span>
      </TableCell>
      <TableCell className={cell}>
        <span className={styles.cut} title={runtime.computeName}>
          {runtime.computeName}
        </span>
      </TableCell>
      <TableCell className={cell}>
        <EndpointCell runtime={runtime} />
      </TableCell>
      <TableCell className={cell}>
        <CpuCell id={runtime.id} />
      </TableCell>
      <TableCell className={cell}>
        <MemoryCell id={runtime.id} />
      </TableCell>
      <TableCell className={cell}>
        <span className={styles.cut}>
          <Moment time={runtime.created} />
        </span>
      </TableCell>
      <TableCell className={cell}>
        <RowMenu runtime={runtime} open={menu} onOpenChange={setMenu} onDelete={onDelete} />
      </TableCell>
      {runtime.finding ? (
        <TableCell className={styles.finding} aria-colspan={COLUMNS.length + 1}>
          <FindingLine runtime={runtime} />
        </TableCell>
      ) : null}
    </TableRow>
  )
})

/** Name of the mark in the page's timeline: the first frame with runtimes in it was drawn. */
const SHOWN = 'runtimes shown'

/** Marks the first time that runtimes are on screen, so that the start can be measured. */
function useShownMark() {
  useEffect(() => {
    if (performance.getEntriesByName(SHOWN).length > 0) return
    // The frame after next begins when the one with the rows has been drawn.
    let frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => performance.mark(SHOWN))
    })
    return () => cancelAnimationFrame(frame)
  }, [])
}

/** The grid: virtual rows, one tab stop, arrow keys inside. */
export function RuntimeGrid({
  rows,
  sort,
  onSort,
  onDelete,
}: {
  rows: Runtime[]
  sort: View['sort']
  onSort: (sort: View['sort']) => void
  onDelete: (runtime: Runtime) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('runtimes')
  const scroller = useRef<HTMLDivElement>(null)
  const keys = useArrowNavigationGroup({ axis: 'grid', memorizeCurrent: true })
  useShownMark()
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (rows[index]?.finding ? sizes.gridRowWithFinding : sizes.gridRow),
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 6,
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
    <div ref={scroller} className={styles.scroller}>
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
          <TableRow className={styles.line} aria-rowindex={1}>
            {COLUMNS.map((column) => (
              <TableHeaderCell
                key={column}
                className={mergeClasses(styles.cell, styles.heading)}
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
            <TableHeaderCell className={styles.cell} sortable={false}>
              <span className={styles.heard}>{t('column.actions')}</span>
            </TableHeaderCell>
          </TableRow>
        </TableHeader>
        <TableBody className={styles.body} style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, key, start, size }) => {
            const runtime = rows[index]
            return runtime ? (
              <Row
                key={key}
                runtime={runtime}
                index={index}
                start={start}
                size={size}
                onDelete={onDelete}
              />
            ) : null
          })}
        </TableBody>
      </Table>
    </div>
  )
}
