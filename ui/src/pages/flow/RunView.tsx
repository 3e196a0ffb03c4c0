import { Link, makeStyles, Text, tokens } from '@fluentui/react-components'
import { ArrowClockwise20Regular } from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import { paths } from '../../app/paths'
import type { FlowRun } from '../../backend/types'
import { Card } from '../../components/Card'
import { BusyButton } from '../../components/decision/BusyButton'
import { isActive, RunStateBadge, Took } from '../../components/flow/states'
import { ValueView } from '../../components/flow/ValueView'
import { GoLink } from '../../components/GoLink'
import { SkeletonLines } from '../../components/Late'
import { Moment } from '../../components/Moment'
import { ProblemBar } from '../../components/ProblemBar'
import { formatExact } from '../../format'
import { useRuntime } from '../../state'
import { CopyAs } from './CopyAs'
import { Failure, PlaceButton, usePlaceWords } from './Failure'
import { typeOfMissing } from './Fit'
import { useFlowPage } from './page'
import { RunProblem } from './RunProblem'
import { SlowBar } from './SlowNodes'
import { Timeline } from './Timeline'

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalM, minWidth: 0 },
  head: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalM,
    rowGap: tokens.spacingVerticalXS,
  },
  none: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalXS },
  quiet: { color: tokens.colorNeutralForeground2 },
  cards: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(100%, 380px), 1fr))',
    gap: tokens.spacingHorizontalL,
    alignItems: 'start',
  },
})

/** Where a run began that took over what another one gave. */
function CameFrom({ node, from }: { node: string; from: string | null }) {
  const { t } = useTranslation('flowRun')
  const { runs, go } = useFlowPage()
  const former = runs?.find(({ id }) => id === from)
  return (
    <Text>
      {t('fromNode', { node })}, {t('with')}{' '}
      {former ? (
        <Link inline onClick={() => go({ run: former.id })}>
          {t('theRunOf', { time: formatExact(former.started) })}
        </Link>
      ) : (
        t('lostRun')
      )}
    </Text>
  )
}

/** Begins the run once more, with everything that it was begun with. */
function Again({ run }: { run: FlowRun }) {
  const { t } = useTranslation('flowRun')
  const { detail, active, hindrance, starting, startAgain } = useFlowPage()
  if (hindrance !== null || detail?.run.id !== run.id) return null
  return (
    <BusyButton
      size="small"
      appearance="secondary"
      busy={starting === 'again'}
      disabledFocusable={active !== null}
      {...(starting === 'again' ? {} : { icon: <ArrowClockwise20Regular /> })}
      onClick={() => startAgain(detail.again)}
    >
      {t('again.run')}
    </BusyButton>
  )
}

function Head({ run }: { run: FlowRun }) {
  const styles = useStyles()
  const { t } = useTranslation('flowRun')
  const there = useRuntime(run.runtime) !== undefined
  const { tokens: counted } = run
  return (
    <div className={styles.head}>
      <RunStateBadge state={run.state} />
      <Took of={run} over={!isActive(run)} />
      {run.node === null ? null : <Text>{t('onlyNode', { node: run.node })}</Text>}
      {run.fromNode === null ? null : <CameFrom node={run.fromNode} from={run.from} />}
      {counted ? (
        <Text>
          {t('tokensOf', {
            total: counted.total,
            prompt: counted.prompt,
            completion: counted.completion,
          })}
        </Text>
      ) : null}
      <Text className={styles.quiet}>
        {there ? (
          <GoLink inline to={paths.runtime(run.runtime)}>
            {run.runtimeName}
          </GoLink>
        ) : (
          run.runtimeName
        )}
        {run.version ? ` · ${run.version}` : ''}
        {' · '}
        <Moment time={run.started} />
      </Text>
      {isActive(run) && run.note ? (
        <Text role="status" className={styles.quiet}>
          {run.note}
        </Text>
      ) : null}
      {isActive(run) ? null : <Again key={`again ${run.id}`} run={run} />}
      <CopyAs
        key={run.id}
        ofRun
        wholeFlow={run.node === null}
        of={async () => ({ kind: 'kept', run: run.id })}
      />
    </div>
  )
}

function Values({ run }: { run: FlowRun }) {
  const { t } = useTranslation('flowRun')
  const { detail, detailError } = useFlowPage()
  if (isActive(run)) {
    return (
      <Card heading={t('output')}>
        <Text>{t('outputLater')}</Text>
      </Card>
    )
  }
  if (detailError) return <ProblemBar problem={detailError.problem} />
  if (!detail) return <SkeletonLines lines={4} />
  const { output, metrics, inputs } = detail
  return (
    <>
      {output ? (
        <Card heading={t('output')}>
          <ValueView
            key={run.id}
            value={output}
            run={run.id}
            part={{ kind: 'output' }}
            name={t('output')}
          />
        </Card>
      ) : null}
      {metrics ? (
        <Card heading={t('metrics')}>
          <ValueView
            key={run.id}
            value={metrics}
            run={run.id}
            part={{ kind: 'metrics' }}
            name={t('metrics')}
          />
        </Card>
      ) : null}
      <Card heading={t('inputs')}>
        <ValueView
          key={run.id}
          value={inputs}
          run={run.id}
          part={{ kind: 'inputs' }}
          name={t('inputs')}
        />
      </Card>
    </>
  )
}

/** Why a run failed: in words with what mends it, else as the service told it; and where. */
function WhyFailed({ run }: { run: FlowRun }) {
  const { t } = useTranslation('flowRun')
  const { view, active, again, startProblem, showPlace, showRun } = useFlowPage()
  const words = usePlaceWords()
  const { problem, failure } = run
  if (problem?.finding) {
    return (
      <>
        <RunProblem
          problem={problem}
          runtime={run.runtime}
          again={run.id}
          onRun={showRun}
          typeOf={(name) => typeOfMissing(view, name)}
          onShowPlace={showPlace}
          {...(active === null
            ? {
                onAgain: () => again(run.id),
                onMoreTime: (seconds: number) => again(run.id, seconds),
              }
            : {})}
        />
        {startProblem?.by === 'again' ? (
          <ProblemBar problem={startProblem.problem} title={t('notAgain')} />
        ) : null}
      </>
    )
  }
  if (!problem) return failure ? <Failure failure={failure} node={failure.node} /> : null
  const at = failure?.at ?? null
  return (
    <ProblemBar
      problem={{ ...problem, details: problem.details ?? failure?.traceback ?? null }}
      {...(at
        ? {
            outcome: t('failure.at', { place: words(at) }),
            actions: <PlaceButton at={at} node={failure?.node ?? null} />,
          }
        : {})}
    />
  )
}

/** The run that is shown: how it stands, why it failed, what it gave, which step ran when. */
export function RunView() {
  const styles = useStyles()
  const { t } = useTranslation('flowRun')
  const { run, runs, runsError, detailError, view } = useFlowPage()
  if (!run) {
    const error = runsError ?? detailError
    if (error) return <ProblemBar problem={error.problem} />
    if (runs === undefined || runs.length > 0) return <SkeletonLines lines={4} />
    return (
      <div className={styles.none}>
        <Text weight="semibold">{t('empty.title')}</Text>
        <Text className={styles.quiet}>{t('empty.body')}</Text>
      </div>
    )
  }
  const slow = isActive(run)
    ? run.nodes.filter((node) => node.state === 'running' && node.slow)
    : []
  return (
    <div className={styles.root}>
      <Head run={run} />
      <WhyFailed run={run} />
      {slow.map((node) => (
        <SlowBar key={node.node} node={node} />
      ))}
      <div className={styles.cards}>
        <Values run={run} />
      </div>
      {view.model?.kind !== 'flex' && run.nodes.length > 0 ? (
        <Card heading={t('timeline.heading')}>
          <Timeline run={run} />
        </Card>
      ) : null}
    </div>
  )
}
