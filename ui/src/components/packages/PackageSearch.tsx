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
import { type ReactNode, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Package } from '../../backend/types'
import { sizes } from '../../theme'
import { EmptyState } from '../EmptyState'

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
  const { t } = useTranslation('packages')
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
      aria-label={t('label')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard has to reach what scrolls
      tabIndex={0}
    >
      <Table
        noNativeElements
        size="small"
        aria-label={t('label')}
        aria-rowcount={packages.length + 1}
      >
        <TableHeader className={styles.header}>
          <TableRow className={styles.row} aria-rowindex={1}>
            <TableHeaderCell className={styles.cell}>{t('name')}</TableHeaderCell>
            <TableHeaderCell className={styles.cell}>{t('version')}</TableHeaderCell>
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

/** Installed packages with a search; fills the height that it is given. */
export function PackageSearch({
  packages: all,
  children,
}: {
  packages: readonly Package[]
  /** Further words beside the count. */
  children?: ReactNode
}) {
  const styles = useStyles()
  const { t } = useTranslation('packages')
  const [search, setSearch] = useState('')
  const packages = matching(all, search)
  return (
    <div className={styles.root}>
      <div className={styles.head}>
        <SearchBox
          aria-label={t('search')}
          placeholder={t('search')}
          value={search}
          onChange={(_, { value }) => setSearch(value)}
        />
        <Text className={styles.quiet} role="status">
          {t('count', { count: packages.length })}
        </Text>
        {children ? (
          <Text className={styles.quiet} size={200}>
            {children}
          </Text>
        ) : null}
      </div>
      {packages.length > 0 ? (
        <PackageTable packages={packages} />
      ) : all.length > 0 ? (
        <EmptyState title={t('noMatch')}>{t('noMatchBody')}</EmptyState>
      ) : (
        <EmptyState title={t('none')}>{t('noneBody')}</EmptyState>
      )}
    </div>
  )
}
