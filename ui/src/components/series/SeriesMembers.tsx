import { makeStyles, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { paths } from '../../app/paths'
import type { Member, Series } from '../../backend/types'
import { useLiveOperation, useRuntime } from '../../state'
import { GoLink } from '../GoLink'
import { CancelButton } from '../operation/CancelButton'
import { pullBar } from '../operation/progress'
import { ToneMark } from '../StatusBadge'
import { toneOfMember } from './words'

const useStyles = makeStyles({
  list: { margin: 0, padding: 0, listStyleType: 'none' },
  row: {
    display: 'grid',
    gridTemplateColumns: '104px minmax(0, 1fr) max-content',
    columnGap: tokens.spacingHorizontalM,
    alignItems: 'start',
    paddingBlock: tokens.spacingVerticalS,
    borderBottom: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    ':last-child': { borderBottomStyle: 'none' },
    '@media (max-width: 640px)': { gridTemplateColumns: 'minmax(0, 1fr)' },
  },
  body: { display: 'flex', flexDirection: 'column', minWidth: 0, overflowWrap: 'anywhere' },
  names: { display: 'flex', flexWrap: 'wrap', columnGap: tokens.spacingHorizontalM },
  quiet: { color: tokens.colorNeutralForeground2 },
})

/** What a running member does just now. */
function Now({ operation: id }: { operation: string }) {
  const styles = useStyles()
  const { t } = useTranslation(['series', 'operation'])
  const operation = useLiveOperation(id)
  const step = operation?.steps.find(({ state }) => state === 'running')
  if (!operation || !step) return null
  const percent =
    step.kind === 'pull' && operation.pull ? pullBar(operation.pull, 'running').percent : null
  const words = [
    t(`operation:step.${step.kind}`),
    percent === null ? '' : t('percent', { percent }),
    step.note ?? '',
  ].filter((word) => word !== '')
  return <Text className={styles.quiet}>{words.join(' · ')}</Text>
}

function Cancel({ operation: id }: { operation: string }) {
  const operation = useLiveOperation(id)
  return operation ? <CancelButton key={id} operation={operation} /> : null
}

function MemberRow({ member, actions }: { member: Member; actions: boolean }) {
  const styles = useStyles()
  const { t } = useTranslation('series')
  const runtime = useRuntime(member.runtime)
  const { state, operation, note, name, from, to } = member
  return (
    <li className={styles.row}>
      <ToneMark tone={toneOfMember[state]}>{t(`state.${state}`)}</ToneMark>
      <div className={styles.body}>
        <div className={styles.names}>
          {runtime ? (
            <GoLink to={paths.runtime(runtime.id)}>{name}</GoLink>
          ) : (
            <Text weight="semibold">{name}</Text>
          )}
          <Text className={styles.quiet}>{t('fromTo', { from, to })}</Text>
        </div>
        {state === 'running' && operation ? <Now operation={operation} /> : null}
        {note ? <Text>{note}</Text> : null}
      </div>
      {actions && state === 'running' && operation ? <Cancel operation={operation} /> : null}
    </li>
  )
}

/** The runtimes of a series in their order, each with how it stands. */
export function SeriesMembers({
  series,
  actions = false,
}: {
  series: Series
  /** Each running one can be cancelled by itself. */
  actions?: boolean
}) {
  const styles = useStyles()
  const { t } = useTranslation('series')
  return (
    <ol className={styles.list} aria-label={t('members')}>
      {series.members.map((member) => (
        <MemberRow key={member.runtime} member={member} actions={actions} />
      ))}
    </ol>
  )
}
