import {
  Button,
  Link,
  makeStyles,
  mergeClasses,
  SearchBox,
  Subtitle2,
  Text,
  tokens,
} from '@fluentui/react-components'
import { type ReactNode, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import type { BatchDetail, BatchRowView, RowSort, RowState } from '../../backend/types'
import { isActiveBatch, RowStateBadge } from '../../components/batch/states'
import { lineOf } from '../../components/batch/words'
import { EmptyState } from '../../components/EmptyState'
import { FilterPills } from '../../components/FilterPills'
import { usePages } from '../../components/grid/usePages'
import { type GridColumn, VirtualGrid } from '../../components/grid/VirtualGrid'
import { SkeletonLines } from '../../components/Late'
import { ProblemBar } from '../../components/ProblemBar'
import { useSettled } from '../../components/useSettled'
import { formatCount, formatDuration } from '../../format'
import { toneColor } from '../../theme'
import { PANEL } from '../flow/page'
import { RowPanel } from './RowPanel'

/** Rows that are asked for at once. */
const PAGE = 500

/** Milliseconds without a key after which it is searched. */
const SETTLE = 300

const FILTERS = ['all', 'completed', 'failed'] as const

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalS, minWidth: 0 },
  head: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalM,
    rowGap: tokens.spacingVerticalXS,
  },
  heading: { margin: 0 },
  quiet: { color: tokens.colorNeutralForeground2 },
  bad: { color: toneColor.bad },
  cut: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap', minWidth: 0 },
  with: {
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 1fr) 400px',
    gap: tokens.spacingHorizontalL,
    '@media (max-width: 999px)': { gridTemplateColumns: 'minmax(0, 1fr)' },
  },
  panel: { display: 'flex', flexDirection: 'column', minWidth: 0, maxHeight: 'min(640px, 70vh)' },
})

const SORTS: readonly RowSort[] = ['row', 'state', 'duration', 'tokens', 'tries']

const columnOf = (of: 'inputs' | 'outputs', name: string): GridColumn => ({
  key: `${of}.${name}`,
  heading: `${of}.${name}`,
  width: 160,
  grows: true,
})

/** The rows that have ended: all or only some, sorted, searched; one of them whole beside them. */
export function Results({ detail }: { detail: BatchDetail }) {
  const styles = useStyles()
  const { t } = useTranslation(['batch', 'common'])
  const heading = useId()
  const { batch, inputs, outputs } = detail
  const [search, setSearch] = useSearchParams()
  const [words, setWords] = useState('')
  const text = useSettled(words.trim(), SETTLE)
  const [sort, setSort] = useState<{ column: RowSort; descending: boolean }>({
    column: 'row',
    descending: false,
  })
  const filter = FILTERS.find((one) => one === search.get('show')) ?? 'all'
  const state: RowState | null = filter === 'all' ? null : filter
  const wanted = search.get('row')
  const shown = wanted === null || !/^\d+$/.test(wanted) ? null : Number(wanted)
  const pages = usePages('batch_rows', PAGE, (offset) => ({
    batch: batch.id,
    query: {
      state,
      text,
      sort: sort.column,
      descending: sort.descending,
      offset,
      limit: PAGE,
    },
  }))
  const put = (key: 'show' | 'row', value: string | null) =>
    setSearch(
      (before) => {
        const after = new URLSearchParams(before)
        if (value === null) after.delete(key)
        else after.set(key, value)
        return after
      },
      { replace: true },
    )
  const open = (row: number, focus = false) => {
    put('row', String(row))
    // It may stand below the rows where the window is narrow.
    if (focus) setTimeout(() => document.getElementById(PANEL)?.focus())
  }
  const columns: GridColumn[] = [
    { key: 'row', heading: t('results.row'), width: 72, sorts: true },
    { key: 'state', heading: t('results.state'), width: 112, sorts: true },
    { key: 'duration', heading: t('results.duration'), width: 76, sorts: true, number: true },
    { key: 'tokens', heading: t('results.tokens'), width: 80, sorts: true, number: true },
    { key: 'tries', heading: t('results.tries'), width: 68, sorts: true, number: true },
    ...inputs.map((name) => columnOf('inputs', name)),
    ...outputs.map((name) => columnOf('outputs', name)),
  ]
  const none = t('common:noValue')
  const cut = (key: string, value: string | undefined, bad = false) => (
    <span
      key={key}
      className={mergeClasses(styles.cut, bad && styles.bad)}
      {...(value ? { title: value } : {})}
    >
      {value ?? none}
    </span>
  )
  const cellsOf = (one: BatchRowView): ReactNode[] => [
    <Link
      key="row"
      aria-label={t('results.open', { row: formatCount(one.row + 1) })}
      aria-current={one.row === shown ? 'true' : undefined}
      onClick={() => open(one.row, true)}
    >
      {formatCount(one.row + 1)}
    </Link>,
    <RowStateBadge key="state" state={one.state} />,
    one.duration === null ? none : formatDuration(one.duration * 1000),
    one.tokens === null ? none : formatCount(one.tokens.total),
    formatCount(one.tries),
    ...inputs.map((name) => cut(`inputs.${name}`, lineOf(one.inputs, name))),
    ...outputs.map((name, index) =>
      // Why it failed stands where its result would.
      one.problem !== null && index === 0
        ? cut(`outputs.${name}`, one.problem.sentence, true)
        : cut(`outputs.${name}`, lineOf(one.outputs, name)),
    ),
  ]
  const cells = (index: number) => {
    const one = pages.row(index)
    return one ? cellsOf(one) : null
  }
  /** The row beside the one that is shown, in the order of the table; `null` = there is none, or it is far. */
  const beside = (step: -1 | 1): number | null => {
    if (shown === null) return null
    const index = pages.indexOf(({ row }) => row === shown)
    const next = index < 0 ? undefined : pages.row(index + step)
    return next?.row ?? null
  }
  const isFiltered = state !== null || text !== ''
  const counts = {
    all: batch.completed + batch.failed,
    completed: batch.completed,
    failed: batch.failed,
  }
  return (
    <section aria-labelledby={heading} className={styles.root}>
      <div className={styles.head}>
        <Subtitle2 as="h2" id={heading} className={styles.heading}>
          {t('results.heading')}
        </Subtitle2>
        <FilterPills
          label={t('results.filter')}
          filters={FILTERS}
          chosen={filter}
          words={(one) => t(`results.${one}`)}
          count={(one) => counts[one]}
          onChoose={(one) => put('show', one === 'all' ? null : one)}
        />
        <SearchBox
          size="small"
          aria-label={t('results.search')}
          placeholder={t('results.search')}
          value={words}
          onChange={(_, { value }) => setWords(value)}
        />
        {pages.known && counts.all > 0 ? (
          <Text size={200} role="status" className={styles.quiet}>
            {t('results.count', { count: pages.total, shown: formatCount(pages.total) })}
          </Text>
        ) : null}
      </div>
      {pages.error ? <ProblemBar problem={pages.error.problem} onRetry={pages.again} /> : null}
      <div className={shown === null ? undefined : styles.with}>
        {pages.total > 0 ? (
          <VirtualGrid
            label={t('results.table')}
            columns={columns}
            count={pages.total}
            rowKey={(index) => pages.row(index)?.row ?? `unknown ${index}`}
            cells={cells}
            chosen={(index) => shown !== null && pages.row(index)?.row === shown}
            sort={sort}
            onSort={(column) => {
              const by = SORTS.find((one) => one === column)
              if (by) {
                setSort({ column: by, descending: sort.column === by ? !sort.descending : false })
              }
            }}
            onOpen={(index) => {
              const one = pages.row(index)
              if (one) open(one.row, true)
            }}
            onVisible={pages.show}
          />
        ) : !pages.known ? (
          pages.error ? null : (
            <SkeletonLines lines={6} height={36} />
          )
        ) : isFiltered ? (
          <EmptyState
            title={t('results.noMatch')}
            action={
              <Button
                onClick={() => {
                  setWords('')
                  put('show', null)
                }}
              >
                {t('results.showAll')}
              </Button>
            }
          >
            {t('results.noMatchBody')}
          </EmptyState>
        ) : (
          <EmptyState title={t('results.none')}>
            {isActiveBatch(batch) ? t('results.noneBody') : ''}
          </EmptyState>
        )}
        {shown === null ? null : (
          <div className={styles.panel}>
            <RowPanel
              key={shown}
              batch={batch}
              row={shown}
              previous={beside(-1)}
              next={beside(1)}
              onGo={(row) => open(row)}
              onClose={() => put('row', null)}
            />
          </div>
        )}
      </div>
    </section>
  )
}
