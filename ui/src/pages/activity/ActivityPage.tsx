import { Button, makeStyles, SearchBox } from '@fluentui/react-components'
import { DocumentText20Regular, HistoryRegular } from '@fluentui/react-icons'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import { EmptyState } from '../../components/EmptyState'
import { FilterPills } from '../../components/FilterPills'
import { SkeletonLines } from '../../components/Late'
import { Page } from '../../components/Page'
import { ProblemBar } from '../../components/ProblemBar'
import { useAsk, useLiveOperations, useSeries } from '../../state'
import { sizes } from '../../theme'
import { OperationRow } from './OperationRow'
import {
  type ActivityFilter,
  activityFilters,
  entries,
  fits,
  matches,
  together,
} from './operations'
import { SeriesRow } from './SeriesRow'

const useStyles = makeStyles({
  list: { margin: 0, padding: 0, listStyleType: 'none', maxWidth: sizes.readingWidth },
  more: { alignSelf: 'flex-start' },
})

/** Rows shown at first, and with each *Show more*. */
const PORTION = 50

/** Everything that was done to runtimes, running operations first. */
export default function ActivityPage() {
  const styles = useStyles()
  const { t } = useTranslation('activity')
  const navigate = useNavigate()
  const { data, error, refetch } = useAsk('list_operations', {})
  const told = useLiveOperations()
  const [filter, setFilter] = useState<ActivityFilter>('all')
  const [search, setSearch] = useState('')
  const [shown, setShown] = useState(PORTION)
  const kept = useAsk('update_series', {})
  const running = useSeries()
  const all = useMemo(() => {
    const series = kept.data?.series ?? []
    // What is told live is newer than what was kept.
    const others = series.filter(({ id }) => id !== running?.id)
    return entries(together(data?.operations ?? [], told), running ? [running, ...others] : series)
  }, [data, told, kept.data, running])
  const found = all.filter((entry) => fits(entry, filter) && matches(entry, search))
  const waiting = !data && !error && all.length === 0
  return (
    <Page
      heading={t('heading')}
      actions={
        <>
          <SearchBox
            aria-label={t('search')}
            placeholder={t('search')}
            value={search}
            onChange={(_, { value }) => setSearch(value)}
          />
          <Button icon={<DocumentText20Regular />} onClick={() => navigate(paths.logs)}>
            {t('logFile')}
          </Button>
        </>
      }
    >
      {error ? <ProblemBar problem={error.problem} onRetry={() => refetch()} /> : null}
      {waiting ? <SkeletonLines lines={8} height={36} /> : null}
      {all.length > 0 ? (
        <FilterPills
          label={t('filter')}
          filters={activityFilters}
          chosen={filter}
          words={t}
          count={(one) => all.filter((entry) => fits(entry, one)).length}
          onChoose={setFilter}
        />
      ) : null}
      {!waiting && !error && all.length === 0 ? (
        <EmptyState
          icon={<HistoryRegular />}
          title={t('empty')}
          action={<Button onClick={() => navigate(paths.addRuntime())}>{t('add')}</Button>}
        >
          {t('emptyBody')}
        </EmptyState>
      ) : null}
      {all.length > 0 && found.length === 0 ? (
        <EmptyState
          title={t('noMatch')}
          action={
            <Button
              onClick={() => {
                setFilter('all')
                setSearch('')
              }}
            >
              {t('clear')}
            </Button>
          }
        >
          {t('noMatchBody')}
        </EmptyState>
      ) : null}
      {found.length > 0 ? (
        <ul className={styles.list} aria-label={t('list')}>
          {found
            .slice(0, shown)
            .map((entry) =>
              entry.kind === 'series' ? (
                <SeriesRow key={entry.id} series={entry.series} operations={entry.operations} />
              ) : (
                <OperationRow key={entry.id} operation={entry.operation} />
              ),
            )}
        </ul>
      ) : null}
      {found.length > shown ? (
        <Button className={styles.more} onClick={() => setShown(shown + PORTION)}>
          {t('more', { count: Math.min(PORTION, found.length - shown) })}
        </Button>
      ) : null}
    </Page>
  )
}
