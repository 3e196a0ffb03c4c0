import { Button, makeStyles, Text, Tooltip, tokens } from '@fluentui/react-components'
import { ChevronDown20Regular, ChevronUp20Regular } from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import type { Batch, BatchRowView } from '../../backend/types'
import { NamedValues } from '../../components/batch/NamedValues'
import { RowStateBadge } from '../../components/batch/states'
import { Block } from '../../components/decision/Block'
import { SkeletonLines } from '../../components/Late'
import { ProblemBar } from '../../components/ProblemBar'
import { formatCount, formatDuration } from '../../format'
import { useAsk } from '../../state'
import { PanelFrame } from '../flow/PanelFrame'
import { RunProblem } from '../flow/RunProblem'
import { runtimeOf } from './Failures'
import { RowNodes } from './Nodes'

const useStyles = makeStyles({
  facts: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalM,
    rowGap: tokens.spacingVerticalXXS,
    color: tokens.colorNeutralForeground2,
  },
})

function Content({ of, batch }: { of: BatchRowView; batch: Batch }) {
  const styles = useStyles()
  const { t } = useTranslation('batch')
  const { state, tries, duration, tokens: counted, runtime, line, problem } = of
  return (
    <>
      <div className={styles.facts}>
        <RowStateBadge state={state} />
        {duration === null ? null : <Text>{formatDuration(duration * 1000)}</Text>}
        <Text>{tries === 0 ? t('row.neverRan') : t('row.tries', { count: tries })}</Text>
        {runtime ? <Text>{t('row.on', { runtime })}</Text> : null}
        {counted ? (
          <Text>
            {t('row.tokens', {
              total: formatCount(counted.total),
              prompt: formatCount(counted.prompt),
              completion: formatCount(counted.completion),
            })}
          </Text>
        ) : null}
        <Text>{t('row.line', { line: formatCount(line) })}</Text>
      </div>
      {problem ? <RunProblem problem={problem} runtime={runtimeOf(batch, runtime)} /> : null}
      {of.nodes.length > 0 ? (
        <Block heading={t('nodes.ofRow')}>
          <RowNodes nodes={of.nodes} />
        </Block>
      ) : null}
      {state === 'completed' || of.outputs.length > 0 ? (
        <Block heading={t('row.outputs')}>
          {of.outputs.length > 0 ? (
            <NamedValues values={of.outputs} />
          ) : (
            <Text>{t('row.none')}</Text>
          )}
        </Block>
      ) : null}
      {of.inputs.length > 0 ? (
        <Block heading={t('row.inputs')}>
          <NamedValues values={of.inputs} />
        </Block>
      ) : null}
    </>
  )
}

/** One row with its whole values, and the way to those beside it. */
export function RowPanel({
  batch,
  row,
  previous,
  next,
  onGo,
  onClose,
}: {
  batch: Batch
  /** From 0. */
  row: number
  /** The rows beside it in the table; `null` = none. */
  previous: number | null
  next: number | null
  onGo: (row: number) => void
  onClose: () => void
}) {
  const { t } = useTranslation('batch')
  const { data, error, refetch } = useAsk('batch_row', { batch: batch.id, row })
  return (
    <PanelFrame
      heading={t('row.heading', { row: formatCount(row + 1) })}
      onClose={onClose}
      aside={
        <>
          <Tooltip content={t('row.previous')} relationship="label">
            <Button
              size="small"
              appearance="subtle"
              icon={<ChevronUp20Regular />}
              disabledFocusable={previous === null}
              onClick={() => {
                if (previous !== null) onGo(previous)
              }}
            />
          </Tooltip>
          <Tooltip content={t('row.next')} relationship="label">
            <Button
              size="small"
              appearance="subtle"
              icon={<ChevronDown20Regular />}
              disabledFocusable={next === null}
              onClick={() => {
                if (next !== null) onGo(next)
              }}
            />
          </Tooltip>
        </>
      }
    >
      {data ? <Content of={data} batch={batch} /> : null}
      {error ? <ProblemBar problem={error.problem} onRetry={() => refetch()} /> : null}
      {!data && !error ? <SkeletonLines lines={6} /> : null}
    </PanelFrame>
  )
}
