import { Button, makeStyles, SearchBox, Text, tokens } from '@fluentui/react-components'
import { SearchRegular, TableRegular } from '@fluentui/react-icons'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import type { Batch } from '../../backend/types'
import { BatchGrid } from '../../components/batch/BatchGrid'
import { ChosenBar } from '../../components/batch/ChosenBar'
import { DeleteBatches } from '../../components/batch/DeleteBatches'
import { useBatches } from '../../components/batch/useBatches'
import { useChosen } from '../../components/batch/useChosen'
import { EmptyState } from '../../components/EmptyState'
import { FilterPills } from '../../components/FilterPills'
import { SkeletonLines } from '../../components/Late'
import { Page } from '../../components/Page'
import { ProblemBar } from '../../components/ProblemBar'
import { formatBytes } from '../../format'
import { FILTERS, type Filter, fits } from './view'

const useStyles = makeStyles({
  search: { width: '240px' },
  quiet: { color: tokens.colorNeutralForeground2 },
})

/** Batch runs of all flows: to find one, to compare some, to make room. */
export default function BatchesPage() {
  const styles = useStyles()
  const { t } = useTranslation('batches')
  const navigate = useNavigate()
  const [words, setWords] = useState('')
  const [filter, setFilter] = useState<Filter>('all')
  const [deleting, setDeleting] = useState<readonly Batch[] | null>(null)
  const { data, error, refetch } = useBatches(null, words)
  const all = data?.batches ?? []
  const rows = all.filter((batch) => fits(batch, filter))
  const { ids, chosen, choose, clear } = useChosen(rows)
  const isSearched = words.trim() !== ''
  const hasAny = all.length > 0 || isSearched
  return (
    <Page
      fixed={rows.length > 0}
      heading={t('heading')}
      back={{ label: t('back'), to: paths.flows }}
      actions={
        hasAny ? (
          <SearchBox
            className={styles.search}
            aria-label={t('search')}
            placeholder={t('search')}
            value={words}
            onChange={(_, { value }) => setWords(value)}
          />
        ) : null
      }
    >
      {error ? <ProblemBar problem={error.problem} onRetry={() => refetch()} /> : null}
      {!data && !error ? <SkeletonLines lines={8} height={36} /> : null}
      {hasAny ? (
        <FilterPills
          label={t('filter')}
          filters={FILTERS}
          chosen={filter}
          words={(one) => t(`filters.${one}`)}
          count={(one) => all.filter((batch) => fits(batch, one)).length}
          onChoose={setFilter}
        />
      ) : null}
      {data && !hasAny ? (
        <EmptyState
          icon={<TableRegular />}
          title={t('empty.title')}
          action={<Button onClick={() => navigate(paths.flows)}>{t('empty.action')}</Button>}
        >
          {t('empty.body')}
        </EmptyState>
      ) : null}
      {data && hasAny && rows.length === 0 ? (
        <EmptyState
          icon={<SearchRegular />}
          title={t('empty.noMatch')}
          action={
            <Button
              onClick={() => {
                setWords('')
                setFilter('all')
              }}
            >
              {t('empty.showAll')}
            </Button>
          }
        >
          {t('empty.noMatchBody')}
        </EmptyState>
      ) : null}
      <ChosenBar chosen={chosen} onDelete={setDeleting} />
      {rows.length > 0 ? (
        <BatchGrid
          fills
          batches={rows}
          chosen={ids}
          onChoose={choose}
          onDelete={(batch) => setDeleting([batch])}
        />
      ) : null}
      {data && data.bytes > 0 ? (
        <Text size={200} className={styles.quiet}>
          {t('bytes', { size: formatBytes(data.bytes) })}
        </Text>
      ) : null}
      {deleting ? (
        <DeleteBatches
          batches={deleting}
          onGone={() => {
            setDeleting(null)
            clear()
          }}
          onClose={() => setDeleting(null)}
        />
      ) : null}
    </Page>
  )
}
