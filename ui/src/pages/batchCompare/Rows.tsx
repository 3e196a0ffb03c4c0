import {
  Link,
  makeStyles,
  mergeClasses,
  Subtitle2,
  Switch,
  Text,
  tokens,
} from '@fluentui/react-components'
import { type ReactNode, useId } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import type { ComparedRow, Comparison } from '../../backend/types'
import { allInOneLine } from '../../components/batch/words'
import { EmptyState } from '../../components/EmptyState'
import type { usePages } from '../../components/grid/usePages'
import { type GridColumn, VirtualGrid } from '../../components/grid/VirtualGrid'
import { formatCount } from '../../format'
import { toneColor } from '../../theme'
import { PANEL } from '../flow/page'
import { namesOf } from './figures'
import { RowPanel } from './RowPanel'

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalS, minWidth: 0 },
  head: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalM,
  },
  heading: { margin: 0 },
  quiet: { color: tokens.colorNeutralForeground2 },
  none: { color: tokens.colorNeutralForeground3 },
  bad: { color: toneColor.bad },
  cut: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap', minWidth: 0 },
})

/** Rows of batch runs beside each other; one of them whole below. */
export function Rows({
  comparison,
  pages,
}: {
  comparison: Comparison
  pages: ReturnType<typeof usePages<'compare_batches'>>
}) {
  const styles = useStyles()
  const { t } = useTranslation('batchCompare')
  const heading = useId()
  const [search, setSearch] = useSearchParams()
  const differing = search.get('differing') === 'yes'
  const wanted = search.get('row')
  const shown = wanted === null || !/^\d+$/.test(wanted) ? null : Number(wanted)
  const { batches } = comparison
  const names = namesOf(batches)
  const put = (key: 'differing' | 'row', value: string | null) =>
    setSearch(
      (before) => {
        const after = new URLSearchParams(before)
        if (value === null) after.delete(key)
        else after.set(key, value)
        return after
      },
      { replace: true },
    )
  const open = (row: number) => {
    put('row', String(row))
    setTimeout(() => {
      const panel = document.getElementById(PANEL)
      panel?.focus({ preventScroll: true })
      panel?.scrollIntoView({ block: 'nearest' })
    })
  }
  const columns: GridColumn[] = [
    { key: 'row', heading: t('rows.row'), width: 72 },
    { key: 'inputs', heading: t('rows.inputs'), width: 200, grows: true },
    ...batches.map(({ batch }, index) => ({
      key: batch.id,
      heading: names[index],
      width: 200,
      grows: true,
    })),
  ]
  const cut = (key: string, text: string, look?: string) => (
    <span key={key} title={text} className={mergeClasses(styles.cut, look)}>
      {text}
    </span>
  )
  const cellsOf = ({ row, inputs, cells }: ComparedRow): ReactNode[] => [
    <Link
      key="row"
      aria-label={t('rows.open', { row: formatCount(row + 1) })}
      aria-current={row === shown ? 'true' : undefined}
      onClick={() => open(row)}
    >
      {formatCount(row + 1)}
    </Link>,
    cut('inputs', allInOneLine(inputs)),
    ...batches.map(({ batch }, index) => {
      const cell = cells[index]
      if (!cell) return cut(batch.id, t('rows.missing'), styles.none)
      return cell.problem
        ? cut(batch.id, cell.problem.sentence, styles.bad)
        : cut(batch.id, allInOneLine(cell.outputs))
    }),
  ]
  return (
    <section aria-labelledby={heading} className={styles.root}>
      <div className={styles.head}>
        <Subtitle2 as="h2" id={heading} className={styles.heading}>
          {t('rows.heading')}
        </Subtitle2>
        <Switch
          label={t('rows.differing')}
          checked={differing}
          onChange={(_, { checked }) => put('differing', checked ? 'yes' : null)}
        />
        <Text size={200} role="status" className={styles.quiet}>
          {t('rows.count', { count: pages.total, shown: formatCount(pages.total) })}
        </Text>
      </div>
      {pages.total > 0 ? (
        <VirtualGrid
          label={t('rows.table')}
          columns={columns}
          count={pages.total}
          rowKey={(index) => pages.row(index)?.row ?? `unknown ${index}`}
          cells={(index) => {
            const row = pages.row(index)
            return row ? cellsOf(row) : null
          }}
          chosen={(index) => shown !== null && pages.row(index)?.row === shown}
          onOpen={(index) => {
            const row = pages.row(index)
            if (row) open(row.row)
          }}
          onVisible={pages.show}
        />
      ) : pages.known ? (
        <EmptyState title={t(differing ? 'rows.same' : 'rows.none')}>
          {t(differing ? 'rows.sameBody' : 'rows.noneBody')}
        </EmptyState>
      ) : null}
      {shown === null ? null : (
        <RowPanel
          batches={batches.map(({ batch }) => batch)}
          names={names}
          row={shown}
          onClose={() => put('row', null)}
        />
      )}
    </section>
  )
}
