import { Button, makeStyles, tokens } from '@fluentui/react-components'
import { TableRegular } from '@fluentui/react-icons'
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
import { SkeletonLines } from '../../components/Late'
import { ProblemBar } from '../../components/ProblemBar'
import { useFlowPage } from './page'

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalS },
})

/** Batch runs of this flow, newest first. */
export function Batches() {
  const styles = useStyles()
  const { t } = useTranslation('batches')
  const navigate = useNavigate()
  const { view } = useFlowPage()
  const [deleting, setDeleting] = useState<readonly Batch[] | null>(null)
  const { data, error, refetch } = useBatches(view.flow)
  const all = data?.batches ?? []
  const { ids, chosen, choose, clear } = useChosen(all)
  if (error) return <ProblemBar problem={error.problem} onRetry={() => refetch()} />
  if (!data) return <SkeletonLines lines={4} height={36} />
  if (all.length === 0) {
    return (
      <EmptyState
        icon={<TableRegular />}
        title={t('empty.title')}
        action={<Button onClick={() => navigate(paths.newBatch(view.flow))}>{t('new')}</Button>}
      >
        {t('empty.ofFlow')}
      </EmptyState>
    )
  }
  return (
    <div className={styles.root}>
      <ChosenBar chosen={chosen} onDelete={setDeleting} />
      <BatchGrid
        ofOneFlow
        batches={all}
        chosen={ids}
        onChoose={choose}
        onDelete={(batch) => setDeleting([batch])}
      />
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
    </div>
  )
}
