import {
  makeStyles,
  mergeClasses,
  SearchBox,
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  Text,
  tokens,
} from '@fluentui/react-components'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Package, Runtime } from '../../backend/types'
import { EmptyState } from '../../components/EmptyState'
import { SkeletonLines } from '../../components/Late'
import { ProblemBar } from '../../components/ProblemBar'
import { useAsk } from '../../state'
import { sizes } from '../../theme'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalS,
    flexGrow: 1,
    minHeight: '240px',
    maxWidth: sizes.formWidth,
  },
  head: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalM,
    rowGap: tokens.spacingVerticalXS,
  },
  quiet: { color: tokens.colorNeutralForeground3 },
  scroller: {
    flexGrow: 1,
    minHeight: 0,
    overflow: 'auto',
    borderRadius: tokens.borderRadiusMedium,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
  },
  header: {
    position: 'sticky',
    top: 0,
    zIndex: 1,
    backgroundColor: tokens.colorNeutralBackground1,
  },
  body: { position: 'relative' },
  row: {
    display: 'grid',
    gridTemplateColumns: '2fr 1fr',
    width: '100%',
    height: `${sizes.packageRow}px`,
    boxSizing: 'border-box',
  },
  placed: { position: 'absolute', top: 0, left: 0 },
  cell: {
    display: 'flex',
    alignItems: 'center',
    height: `${sizes.packageRow - 1}px`,
    userSelect: 'text',
  },
})

/** Packages whose name has every word typed. */
export function matching(packages: readonly Package[], search: string): Package[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return packages.filter(({ name, version }) => {
    const text = `${name} ${version}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

function PackageTable({ packages }: { packages: Package[] }) {
  const styles = useStyles()
  const { t } = useTranslation('runtime')
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: packages.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => sizes.packageRow,
    overscan: 10,
  })
  return (
    <section
      ref={scroller}
      className={styles.scroller}
      aria-label={t('tabs.packages')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard has to reach what scrolls
      tabIndex={0}
    >
      <Table
        noNativeElements
        size="small"
        aria-label={t('tabs.packages')}
        aria-rowcount={packages.length + 1}
      >
        <TableHeader className={styles.header}>
          <TableRow className={styles.row} aria-rowindex={1}>
            <TableHeaderCell className={styles.cell}>{t('packages.name')}</TableHeaderCell>
            <TableHeaderCell className={styles.cell}>{t('packages.version')}</TableHeaderCell>
          </TableRow>
        </TableHeader>
        <TableBody className={styles.body} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const one = packages[index]
            return one ? (
              <TableRow
                key={one.name}
                className={mergeClasses(styles.row, styles.placed)}
                style={{ transform: `translateY(${start}px)` }}
                aria-rowindex={index + 2}
              >
                <TableCell className={styles.cell}>{one.name}</TableCell>
                <TableCell className={styles.cell}>{one.version}</TableCell>
              </TableRow>
            ) : null
          })}
        </TableBody>
      </Table>
    </section>
  )
}

/** What is installed inside, read from the running container. */
export function Packages({ runtime }: { runtime: Runtime }) {
  const styles = useStyles()
  const { t } = useTranslation('runtime')
  const [search, setSearch] = useState('')
  const running = runtime.started !== null
  const list = useAsk('runtime_packages', { runtime: runtime.id }, { enabled: running })
  if (!running) {
    return <EmptyState title={t('packages.down')}>{t('packages.downBody')}</EmptyState>
  }
  if (list.error?.problem.code === 'noService') {
    return <EmptyState title={t('packages.none')}>{list.error.problem.sentence}</EmptyState>
  }
  if (list.error) {
    return <ProblemBar problem={list.error.problem} onRetry={() => list.refetch()} />
  }
  if (!list.data) return <SkeletonLines lines={10} />
  const packages = matching(list.data.packages, search)
  return (
    <div className={styles.root}>
      <div className={styles.head}>
        <SearchBox
          aria-label={t('packages.search')}
          placeholder={t('packages.search')}
          value={search}
          onChange={(_, { value }) => setSearch(value)}
        />
        <Text className={styles.quiet} role="status">
          {t('packages.count', { count: packages.length })}
        </Text>
        <Text className={styles.quiet} size={200}>
          {t('packages.python', { python: list.data.python })}
        </Text>
      </div>
      {packages.length > 0 ? (
        <PackageTable packages={packages} />
      ) : list.data.packages.length > 0 ? (
        <EmptyState title={t('packages.noMatch')}>{t('packages.noMatchBody')}</EmptyState>
      ) : (
        <EmptyState title={t('packages.none')}>{t('packages.noneBody')}</EmptyState>
      )}
    </div>
  )
}
