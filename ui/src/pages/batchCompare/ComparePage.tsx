import { Button } from '@fluentui/react-components'
import { ArrowBidirectionalLeftRightRegular } from '@fluentui/react-icons'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate, useSearchParams } from 'react-router'
import { paths } from '../../app/paths'
import type { Comparison } from '../../backend/types'
import { MOST_COMPARED } from '../../components/batch/ChosenBar'
import { EmptyState } from '../../components/EmptyState'
import { usePages } from '../../components/grid/usePages'
import { SkeletonLines } from '../../components/Late'
import { Page } from '../../components/Page'
import { ProblemBar } from '../../components/ProblemBar'
import { Charts } from './Charts'
import { FigureTable } from './FigureTable'
import { Rows } from './Rows'

/** Rows that are asked for at once. */
const PAGE = 100

function Compared({ ids, differing }: { ids: readonly string[]; differing: boolean }) {
  const pages = usePages('compare_batches', PAGE, (offset) => ({
    batches: [...ids],
    differing,
    offset,
    limit: PAGE,
  }))
  // While other rows are asked for, the figures stay.
  const last = useRef<Comparison | undefined>(undefined)
  if (pages.first) last.current = pages.first
  const comparison = last.current
  return (
    <>
      {pages.error ? <ProblemBar problem={pages.error.problem} onRetry={pages.again} /> : null}
      {comparison ? (
        <>
          <FigureTable all={comparison.batches} />
          <Charts all={comparison.batches} />
          <Rows comparison={comparison} pages={pages} />
        </>
      ) : pages.error ? null : (
        <SkeletonLines lines={8} height={28} />
      )}
    </>
  )
}

/** Two to six batch runs side by side: figures, metrics, and what each gave for the same row. */
export default function ComparePage() {
  const { t } = useTranslation('batchCompare')
  const navigate = useNavigate()
  const [search] = useSearchParams()
  const ids = [...new Set(search.getAll('run'))].slice(0, MOST_COMPARED)
  return (
    <Page heading={t('heading')} back={{ label: t('back'), to: paths.batches }}>
      {ids.length < 2 ? (
        <EmptyState
          icon={<ArrowBidirectionalLeftRightRegular />}
          title={t('tooFew')}
          action={<Button onClick={() => navigate(paths.batches)}>{t('go')}</Button>}
        >
          {t('tooFewBody')}
        </EmptyState>
      ) : (
        <Compared key={ids.join(' ')} ids={ids} differing={search.get('differing') === 'yes'} />
      )}
    </Page>
  )
}
