import { Button, makeStyles, Text, tokens } from '@fluentui/react-components'
import { ChevronDown20Regular, ChevronRight20Regular } from '@fluentui/react-icons'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Operation, Runtime, StepState } from '../../backend/types'
import { EmptyState } from '../../components/EmptyState'
import { Facts, LongValue } from '../../components/Facts'
import { Fold } from '../../components/Fold'
import { SkeletonLines } from '../../components/Late'
import { Lasting, Moment } from '../../components/Moment'
import { Pre } from '../../components/Pre'
import { ProblemBar } from '../../components/ProblemBar'
import { OperationStateBadge, ToneMark } from '../../components/StatusBadge'
import { formatDuration, shortDigest } from '../../format'
import type { RemedyHandlers } from '../../problems/remedies'
import { useAsk, useLiveOperations } from '../../state'
import type { Tone } from '../../theme'
import { sizes } from '../../theme'

const useStyles = makeStyles({
  list: {
    display: 'flex',
    flexDirection: 'column',
    margin: 0,
    padding: 0,
    listStyleType: 'none',
    maxWidth: sizes.readingWidth,
  },
  item: {
    borderBottom: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    paddingBlock: tokens.spacingVerticalXS,
  },
  head: {
    display: 'grid',
    gridTemplateColumns: '140px 120px minmax(0, 1fr) max-content',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalM,
    minHeight: `${sizes.gridRow}px`,
  },
  kind: { justifyContent: 'flex-start', minWidth: 0, paddingInline: tokens.spacingHorizontalXS },
  quiet: { color: tokens.colorNeutralForeground3 },
  cut: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap', minWidth: 0 },
  details: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalM,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalXXL} ${tokens.spacingVerticalL}`,
  },
  plain: { margin: 0, paddingInlineStart: tokens.spacingHorizontalXL },
  steps: { listStyleType: 'none', margin: 0, padding: 0 },
  step: {
    display: 'grid',
    gridTemplateColumns: '120px minmax(0, 1fr)',
    columnGap: tokens.spacingHorizontalM,
  },
})

const toneOfStep: Record<StepState, Tone> = {
  pending: 'quiet',
  running: 'working',
  done: 'good',
  failed: 'bad',
  skipped: 'quiet',
}

/** Operations that the page was told of while it is open stand in for older answers. */
export function newestFirst(
  recorded: readonly Operation[],
  told: readonly Operation[],
  runtime: string,
): Operation[] {
  const byId = new Map(recorded.map((operation) => [operation.id, operation]))
  for (const operation of told) {
    if (operation.runtime === runtime) byId.set(operation.id, operation)
  }
  return [...byId.values()].sort((one, other) => other.started.localeCompare(one.started))
}

function Versions({ operation }: { operation: Operation }) {
  const { t } = useTranslation(['runtime', 'common'])
  const { from, to } = operation
  if (from && to && from !== to) return <>{t('history.fromTo', { from, to })}</>
  return <>{to ?? from ?? ''}</>
}

function Details({ operation, remedies }: { operation: Operation; remedies: RemedyHandlers }) {
  const styles = useStyles()
  const { t } = useTranslation(['runtime', 'common'])
  const { fromDigest, toDigest, packages } = operation
  return (
    <div className={styles.details}>
      {operation.outcome && !operation.problem ? <Text>{operation.outcome}</Text> : null}
      {operation.problem ? (
        <ProblemBar problem={operation.problem} outcome={operation.outcome} remedies={remedies} />
      ) : null}
      <ol className={styles.steps} aria-label={t('history.steps')}>
        {operation.steps.map(({ kind, state, note, started, finished }) => (
          <li key={kind} className={styles.step}>
            <ToneMark tone={toneOfStep[state]}>{t(`history.stepState.${state}`)}</ToneMark>
            <span>
              {t(`common:step.${kind}`)}
              {started && finished ? (
                <Text className={styles.quiet}>
                  {' · '}
                  <Lasting from={started} to={finished} />
                </Text>
              ) : null}
              {note ? <Text className={styles.quiet}>{` · ${note}`}</Text> : null}
            </span>
          </li>
        ))}
      </ol>
      <Facts
        facts={[
          ...(operation.withoutService === null
            ? []
            : [
                {
                  label: t('history.withoutService'),
                  value: formatDuration(operation.withoutService),
                },
              ]),
          ...(toDigest
            ? [
                {
                  label: t('history.digests'),
                  value: (
                    <LongValue
                      text={fromDigest ? `${fromDigest} → ${toDigest}` : toDigest}
                      shown={
                        fromDigest
                          ? `${shortDigest(fromDigest)} → ${shortDigest(toDigest)}`
                          : shortDigest(toDigest)
                      }
                      name={t('history.digests')}
                    />
                  ),
                },
              ]
            : []),
        ]}
      />
      {packages && packages.length > 0 ? (
        <Fold label={`${t('history.packages')} (${packages.length})`}>
          <ul className={styles.plain}>
            {packages.map(({ name, from, to }) => (
              <li key={name}>
                {`${name} ${from ?? t('history.added')} → ${to ?? t('history.removed')}`}
              </li>
            ))}
          </ul>
        </Fold>
      ) : null}
      {operation.keptLog ? (
        <Fold label={t('history.keptLog')}>
          <Pre>{operation.keptLog}</Pre>
        </Fold>
      ) : null}
    </div>
  )
}

function Item({ operation, remedies }: { operation: Operation; remedies: RemedyHandlers }) {
  const styles = useStyles()
  const { t } = useTranslation(['runtime', 'common'])
  const [open, setOpen] = useState(false)
  const id = useId()
  return (
    <li className={styles.item}>
      <div className={styles.head}>
        <Button
          className={styles.kind}
          appearance="transparent"
          icon={open ? <ChevronDown20Regular /> : <ChevronRight20Regular />}
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
        >
          {t(`common:operationKind.${operation.kind}`)}
        </Button>
        <OperationStateBadge state={operation.state} />
        <span className={styles.cut}>
          <Versions operation={operation} />
        </span>
        <Text className={styles.quiet} size={200}>
          {`${t('history.by', { who: operation.startedBy })} · `}
          <Moment time={operation.started} />
          {' · '}
          <Lasting from={operation.started} to={operation.finished} />
        </Text>
      </div>
      <div id={id} hidden={!open}>
        {open ? <Details operation={operation} remedies={remedies} /> : null}
      </div>
    </li>
  )
}

/** What was done on this runtime: who, when, from which version to which, and how it ended. */
export function History({ runtime, remedies }: { runtime: Runtime; remedies: RemedyHandlers }) {
  const styles = useStyles()
  const { t } = useTranslation(['runtime', 'common'])
  const told = useLiveOperations()
  const history = useAsk('runtime_history', { runtime: runtime.id })
  if (history.error) {
    return <ProblemBar problem={history.error.problem} onRetry={() => history.refetch()} />
  }
  if (!history.data) return <SkeletonLines lines={5} height={28} />
  const operations = newestFirst(history.data.operations, told, runtime.id)
  if (operations.length === 0) {
    return <EmptyState title={t('history.empty')}>{t('history.emptyBody')}</EmptyState>
  }
  return (
    <ul className={styles.list} aria-label={t('history.list')}>
      {operations.map((operation) => (
        <Item key={operation.id} operation={operation} remedies={remedies} />
      ))}
    </ul>
  )
}
