import {
  Button,
  MessageBar,
  MessageBarBody,
  makeStyles,
  Tag,
  TagGroup,
  Text,
  tokens,
} from '@fluentui/react-components'
import { TableRegular } from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import { useNavigate, useParams } from 'react-router'
import { paths } from '../../app/paths'
import type { BatchDetail } from '../../backend/types'
import { BatchStateBadge, isOver } from '../../components/batch/states'
import { EmptyState } from '../../components/EmptyState'
import { Fold } from '../../components/Fold'
import { GoLink } from '../../components/GoLink'
import { SkeletonLines } from '../../components/Late'
import { Page } from '../../components/Page'
import { ProblemBar } from '../../components/ProblemBar'
import { useAsk } from '../../state'
import { sizes } from '../../theme'
import { RunProblem } from '../flow/RunProblem'
import { Actions } from './Actions'
import { Failures } from './Failures'
import { isSimple, Lanes } from './Lanes'
import { Latencies } from './Latencies'
import { Metrics } from './Metrics'
import { Nodes } from './Nodes'
import { Progress } from './Progress'
import { Results } from './Results'
import { Setup } from './Setup'

const useStyles = makeStyles({
  aside: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalM,
    rowGap: tokens.spacingVerticalXS,
  },
  quiet: { color: tokens.colorNeutralForeground2 },
  note: { color: tokens.colorNeutralForeground2, whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' },
  cards: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(100%, 420px), 1fr))',
    gap: tokens.spacingHorizontalL,
    alignItems: 'start',
    ':empty': { display: 'none' },
  },
  waiting: { padding: sizes.pagePadding },
})

function Existing({ detail }: { detail: BatchDetail }) {
  const styles = useStyles()
  const { t } = useTranslation('batch')
  const { batch, waitsFor } = detail
  const { name, state, flow, flowName, tags, description, problem } = batch
  return (
    <Page
      heading={name}
      back={{ label: t('back'), to: paths.batches }}
      aside={
        <span className={styles.aside}>
          <BatchStateBadge state={state} />
          <Text className={styles.quiet}>
            {t('ofFlow')}{' '}
            <GoLink inline to={paths.flow(flow)}>
              {flowName}
            </GoLink>
          </Text>
          {tags.length > 0 ? (
            <TagGroup role="list" aria-label={t('tags')}>
              {tags.map((tag) => (
                <Tag key={tag} role="listitem" size="extra-small" appearance="outline">
                  {tag}
                </Tag>
              ))}
            </TagGroup>
          ) : null}
        </span>
      }
      actions={<Actions detail={detail} />}
    >
      {description ? <Text className={styles.note}>{description}</Text> : null}
      {problem ? (
        <RunProblem
          problem={problem}
          runtime={batch.lanes.length === 1 ? (batch.lanes[0]?.runtime ?? '') : ''}
          {...(isOver(batch) ? { title: t('stopped') } : {})}
        />
      ) : null}
      {batch.mixed ? (
        <MessageBar intent="warning" role="group" aria-label={t('mixed.label')}>
          <MessageBarBody>{t('mixed.body')}</MessageBarBody>
        </MessageBar>
      ) : null}
      {state === 'queued' && waitsFor.length > 0 ? (
        <MessageBar role="group">
          <MessageBarBody>
            {t('waitsFor', { batches: waitsFor.map((one) => `“${one}”`).join(', ') })}
          </MessageBarBody>
        </MessageBar>
      ) : null}
      <Progress batch={batch} />
      {isSimple(batch.lanes) ? null : <Lanes lanes={batch.lanes} />}
      <div className={styles.cards}>
        <Metrics batch={batch} />
        <Latencies batch={batch.id} />
      </div>
      <Nodes batch={batch} />
      <Failures batch={batch} />
      <Results detail={detail} />
      <Fold label={t('setup.heading')} whole>
        <Setup detail={detail} />
      </Fold>
    </Page>
  )
}

/** One batch run: how it goes, what it measured, and what every row gave. */
export default function BatchPage() {
  const styles = useStyles()
  const { t } = useTranslation('batch')
  const navigate = useNavigate()
  const { batch = '' } = useParams()
  const { data, error, refetch } = useAsk('batch', { batch })
  // What was deleted may be told of by an answer that was kept.
  if (data && error?.problem.code !== 'notFound') return <Existing key={batch} detail={data} />
  if (!error) {
    return (
      <div className={styles.waiting}>
        <SkeletonLines lines={8} height={28} />
      </div>
    )
  }
  return (
    <Page heading={t('gone.heading')} back={{ label: t('back'), to: paths.batches }}>
      {error.problem.code === 'notFound' ? (
        <EmptyState
          icon={<TableRegular />}
          title={error.problem.sentence}
          action={<Button onClick={() => navigate(paths.batches)}>{t('gone.action')}</Button>}
        >
          {error.problem.hints.join(' ')}
        </EmptyState>
      ) : (
        <ProblemBar problem={error.problem} onRetry={() => refetch()} />
      )}
    </Page>
  )
}
