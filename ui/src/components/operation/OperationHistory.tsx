import { Button, makeStyles, mergeClasses, Text, tokens } from '@fluentui/react-components'
import { ChevronDown20Regular, ChevronRight20Regular } from '@fluentui/react-icons'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Operation } from '../../backend/types'
import { shortDigest } from '../../format'
import type { RemedyHandlers } from '../../problems/remedies'
import { sizes } from '../../theme'
import { Facts, LongValue } from '../Facts'
import { Lasting, Moment } from '../Moment'
import { OperationStateBadge } from '../StatusBadge'
import { OperationProgress } from './OperationProgress'
import { useOperationVersions } from './words'

const NARROW = `@media (max-width: ${sizes.narrowWindow})`

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
    [NARROW]: { gridTemplateColumns: '140px 120px minmax(0, 1fr)' },
  },
  kind: { justifyContent: 'flex-start', minWidth: 0, paddingInline: tokens.spacingHorizontalXS },
  quiet: { color: tokens.colorNeutralForeground3 },
  // Where there is no room beside the rest it stands below, in line with the name.
  when: { [NARROW]: { gridColumn: '1 / -1', paddingInlineStart: '30px' } },
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
  concerns: (operation: Operation) => boolean,
): Operation[] {
  const byId = new Map(recorded.map((operation) => [operation.id, operation]))
  for (const operation of told) {
    if (concerns(operation)) byId.set(operation.id, operation)
  }
  return [...byId.values()].sort((one, other) => other.started.localeCompare(one.started))
}

function Details({ operation, remedies }: { operation: Operation; remedies: RemedyHandlers }) {
  const styles = useStyles()
  const { t } = useTranslation('operation')
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
  const { t } = useTranslation(['operation', 'common'])
  const versions = useOperationVersions()
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
        <span className={styles.cut}>{versions(operation) ?? ''}</span>
        <Text className={mergeClasses(styles.quiet, styles.when)} size={200}>
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

/** Operations in the order given: who, when, from which version to which, and how each ended. */
export function OperationHistory({
  operations,
  remedies,
}: {
  operations: readonly Operation[]
  remedies: RemedyHandlers
}) {
  const styles = useStyles()
  const { t } = useTranslation('operation')
  return (
    <ul className={styles.list} aria-label={t('history.list')}>
      {operations.map((operation) => (
        <Item key={operation.id} operation={operation} remedies={remedies} />
      ))}
    </ul>
  )
}
