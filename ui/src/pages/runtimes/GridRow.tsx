import { Checkbox, makeStyles, mergeClasses, TableCell, TableRow } from '@fluentui/react-components'
import { memo, type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import type { Runtime } from '../../backend/types'
import { Moment } from '../../components/Moment'
import { StatusBadge } from '../../components/StatusBadge'
import { formatPast } from '../../format'
import { chosenRow, sizes } from '../../theme'
import {
  CpuCell,
  EndpointCell,
  FindingLine,
  MemoryCell,
  NameCell,
  StatusCell,
  shownEndpoint,
  shownVersion,
  VersionCell,
} from './cells'
import { useGridStyles } from './gridStyles'
import { RowMenu } from './RowMenu'
import { COLUMNS } from './view'

const useStyles = makeStyles({
  row: { position: 'absolute', top: 0, left: 0, alignContent: 'start' },
  cut: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  choose: { padding: 0, justifyContent: 'center' },
  chosen: chosenRow,
  finding: {
    gridColumn: '2 / -1',
    display: 'flex',
    height: `${sizes.gridRowWithFinding - sizes.gridRow}px`,
    minWidth: 0,
    alignItems: 'flex-start',
  },
})

/** What stands in the columns whose content changes or can be pressed. */
interface Contents {
  choose: ReactNode
  name: ReactNode
  status: ReactNode
  version: ReactNode
  endpoint: ReactNode
  cpu: ReactNode
  memory: ReactNode
  created: ReactNode
  actions: ReactNode
}

interface RowProps {
  runtime: Runtime
  index: number
  start: number
  size: number
  /** Only the words, at the start: links, buttons and readings follow when they have been drawn. */
  plain: boolean
  chosen: boolean
  onChoose: (runtime: string, chosen: boolean) => void
  onDelete: (runtime: Runtime) => void
}

function words(runtime: Runtime): Contents {
  return {
    choose: null,
    name: runtime.name,
    status: <StatusBadge status={runtime.status} />,
    version: shownVersion(runtime),
    endpoint: shownEndpoint(runtime),
    cpu: null,
    memory: null,
    created: runtime.created === null ? null : formatPast(runtime.created),
    actions: null,
  }
}

/** Draws again only when its own runtime changes or moves; readings reach their cells directly. */
export const GridRow = memo(function GridRow({
  runtime,
  index,
  start,
  size,
  plain,
  chosen,
  onChoose,
  onDelete,
}: RowProps) {
  const styles = useStyles()
  const { line, cell } = useGridStyles()
  const { t } = useTranslation('runtimes')
  const navigate = useNavigate()
  const [menu, setMenu] = useState(false)
  const contents: Contents = plain
    ? words(runtime)
    : {
        choose: (
          <Checkbox
            aria-label={t('choose', { name: runtime.name })}
            checked={chosen}
            onChange={(_, { checked }) => onChoose(runtime.id, checked === true)}
          />
        ),
        name: <NameCell runtime={runtime} />,
        status: <StatusCell runtime={runtime} />,
        version: <VersionCell runtime={runtime} />,
        endpoint: <EndpointCell runtime={runtime} />,
        cpu: <CpuCell id={runtime.id} />,
        memory: <MemoryCell id={runtime.id} />,
        created: <Moment time={runtime.created} />,
        actions: (
          <RowMenu runtime={runtime} open={menu} onOpenChange={setMenu} onDelete={onDelete} />
        ),
      }
  return (
    <TableRow
      className={mergeClasses(line, styles.row, chosen && styles.chosen)}
      style={{ height: size, transform: `translateY(${start}px)` }}
      aria-rowindex={index + 2}
      onContextMenu={(event) => {
        event.preventDefault()
        setMenu(true)
      }}
      aria-selected={chosen}
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
      <TableCell className={mergeClasses(cell, styles.choose)}>{contents.choose}</TableCell>
      <TableCell className={cell} role="rowheader">
        {contents.name}
      </TableCell>
      <TableCell className={cell}>{contents.status}</TableCell>
      <TableCell className={cell}>{contents.version}</TableCell>
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
      <TableCell className={cell}>{contents.endpoint}</TableCell>
      <TableCell className={cell}>{contents.cpu}</TableCell>
      <TableCell className={cell}>{contents.memory}</TableCell>
      <TableCell className={cell}>
        <span className={styles.cut}>{contents.created}</span>
      </TableCell>
      <TableCell className={cell}>{contents.actions}</TableCell>
      {runtime.finding ? (
        <TableCell className={styles.finding} aria-colspan={COLUMNS.length + 1}>
          <FindingLine runtime={runtime} />
        </TableCell>
      ) : null}
    </TableRow>
  )
})
