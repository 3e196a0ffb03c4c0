import { Button, makeStyles, Text, tokens } from '@fluentui/react-components'
import { ChevronDown20Regular, ChevronRight20Regular } from '@fluentui/react-icons'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Operation, Runtime } from '../../backend/types'
import { EmptyState } from '../../components/EmptyState'
import { Facts, LongValue } from '../../components/Facts'
import { SkeletonLines } from '../../components/Late'
import { Lasting, Moment } from '../../components/Moment'
import { OperationProgress } from '../../components/operation/OperationProgress'
import { ProblemBar } from '../../components/ProblemBar'
import { OperationStateBadge } from '../../components/StatusBadge'
import { shortDigest } from '../../format'
import type { RemedyHandlers } from '../../problems/remedies'
import { useAsk, useLiveOperations } from '../../state'
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
})

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
  const { t } = useTranslation('runtime')
  const { fromDigest, toDigest } = operation
  const short = [fromDigest, toDigest].flatMap((digest) => (digest ? shortDigest(digest) : []))
  return (
    <div className={styles.details}>
      <OperationProgress operation={operation} remedies={remedies} />
      {toDigest ? (
        <Facts
          facts={[
            {
              label: t('history.digests'),
              value: (
                <LongValue text={toDigest} shown={short.join(' → ')} name={t('history.digests')} />
              ),
            },
          ]}
        />
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
