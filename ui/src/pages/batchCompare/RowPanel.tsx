import { makeStyles, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { Batch } from '../../backend/types'
import { NamedValues } from '../../components/batch/NamedValues'
import { RowStateBadge } from '../../components/batch/states'
import { Block } from '../../components/decision/Block'
import { SkeletonLines } from '../../components/Late'
import { ProblemBar } from '../../components/ProblemBar'
import { formatCount } from '../../format'
import { useAsk } from '../../state'
import { PanelFrame } from '../flow/PanelFrame'

const useStyles = makeStyles({
  runs: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(100%, 260px), 1fr))',
    gap: tokens.spacingHorizontalL,
    alignItems: 'start',
  },
})

/** What one batch run gave for the row, whole. */
function Gave({ batch, row, name }: { batch: string; row: number; name: string }) {
  const { t } = useTranslation('batchCompare')
  const { data, error } = useAsk('batch_row', { batch, row })
  return (
    <Block heading={name}>
      {data ? (
        <>
          <RowStateBadge state={data.state} />
          {data.problem ? <ProblemBar problem={data.problem} /> : null}
          <NamedValues values={data.outputs} />
        </>
      ) : error ? (
        error.problem.code === 'notFound' ? (
          t('rows.missing')
        ) : (
          <ProblemBar problem={error.problem} />
        )
      ) : (
        <SkeletonLines lines={3} />
      )}
    </Block>
  )
}

/** One row: what each batch run gave for it, whole, beside each other. */
export function RowPanel({
  batches,
  names,
  row,
  onClose,
}: {
  batches: readonly Batch[]
  names: readonly string[]
  /** From 0. */
  row: number
  onClose: () => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('batchCompare')
  const [first] = batches
  const taken = useAsk(
    'batch_row',
    { batch: first?.id ?? '', row },
    { enabled: first !== undefined },
  )
  return (
    <PanelFrame heading={t('row.heading', { row: formatCount(row + 1) })} onClose={onClose}>
      {taken.data ? (
        <Block heading={t('row.inputs')}>
          <NamedValues values={taken.data.inputs} />
        </Block>
      ) : null}
      <div className={styles.runs}>
        {batches.map(({ id }, index) => (
          <Gave key={id} batch={id} row={row} name={names[index] ?? ''} />
        ))}
      </div>
    </PanelFrame>
  )
}
