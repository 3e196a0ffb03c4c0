import { makeStyles, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { paths } from '../../app/paths'
import type { Batch, FailureGroup } from '../../backend/types'
import { Card } from '../../components/Card'
import { GoLink } from '../../components/GoLink'
import { ProblemBar } from '../../components/ProblemBar'
import { formatCount } from '../../format'
import { useAsk } from '../../state'
import { RunProblem } from '../flow/RunProblem'

const useStyles = makeStyles({
  list: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalM,
    margin: 0,
    padding: 0,
    listStyleType: 'none',
  },
  item: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalXS },
  head: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'baseline',
    columnGap: tokens.spacingHorizontalM,
  },
})

/** The runtime that a row ran on, by its name; empty = none of those of the batch run. */
export function runtimeOf(batch: Batch, name: string): string {
  return batch.lanes.find((lane) => lane.name === name)?.runtime ?? ''
}

function Group({ batch, group }: { batch: Batch; group: FailureGroup }) {
  const styles = useStyles()
  const { t } = useTranslation('batch')
  const { rows, first, runtime, problem } = group
  return (
    <li className={styles.item}>
      <div className={styles.head}>
        <Text weight="semibold">
          {t('failures.rows', { count: rows, shown: formatCount(rows) })}
        </Text>
        <GoLink to={paths.batch(batch.id, first)}>
          {t('failures.first', { row: formatCount(first + 1) })}
        </GoLink>
      </div>
      <RunProblem problem={problem} runtime={runtimeOf(batch, runtime)} />
    </li>
  )
}

/** Why rows failed: together by their cause, most rows first, each with what mends it. */
export function Failures({ batch }: { batch: Batch }) {
  const styles = useStyles()
  const { t } = useTranslation('batch')
  const { data, error, refetch } = useAsk(
    'batch_failures',
    { batch: batch.id },
    { enabled: batch.failed > 0 },
  )
  if (batch.failed === 0) return null
  if (error) return <ProblemBar problem={error.problem} onRetry={() => refetch()} />
  if (!data || data.groups.length === 0) return null
  return (
    <Card heading={t('failures.heading')}>
      <ul className={styles.list}>
        {data.groups.map((group) => (
          <Group key={group.first} batch={batch} group={group} />
        ))}
      </ul>
    </Card>
  )
}
