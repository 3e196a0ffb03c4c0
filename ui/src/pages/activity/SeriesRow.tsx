import { makeStyles, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { paths } from '../../app/paths'
import type { Operation, Series } from '../../backend/types'
import { GoLink } from '../../components/GoLink'
import { ToneMark } from '../../components/StatusBadge'
import { SeriesMembers } from '../../components/series/SeriesMembers'
import {
  seriesRuns,
  seriesState,
  toneOfSeries,
  useSeriesSummary,
} from '../../components/series/words'
import { ActivityRow } from './ActivityRow'
import { OperationRow } from './OperationRow'

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalM },
  list: { margin: 0, padding: 0, listStyleType: 'none' },
  quiet: { color: tokens.colorNeutralForeground3 },
  actions: { display: 'flex', flexWrap: 'wrap', columnGap: tokens.spacingHorizontalS },
})

/** A series of updates in a line that opens into its runtimes and their updates. */
export function SeriesRow({ series, operations }: { series: Series; operations: Operation[] }) {
  const styles = useStyles()
  const { t } = useTranslation(['activity', 'series'])
  const summary = useSeriesSummary()
  const running = seriesRuns(series)
  const state = seriesState(series)
  const updated = series.members.filter((member) => member.state === 'updated').length
  return (
    <ActivityRow
      title={t('series:titleOf', { count: series.members.length })}
      change={t('seriesDone', { done: updated, count: series.members.length })}
      state={<ToneMark tone={toneOfSeries[state]}>{t(`series:stateOf.${state}`)}</ToneMark>}
      started={series.started}
      finished={series.finished}
      running={running}
      wide
    >
      <div className={styles.root}>
        {running ? null : <Text>{summary(series)}</Text>}
        <SeriesMembers series={series} />
        {operations.length > 0 ? (
          <ul className={styles.list} aria-label={t('seriesUpdates')}>
            {operations.map((operation) => (
              <OperationRow key={operation.id} operation={operation} folded />
            ))}
          </ul>
        ) : null}
        <div className={styles.actions}>
          {running ? <GoLink to={paths.updateAll}>{t('seriesOpen')}</GoLink> : null}
          <Text className={styles.quiet}>{t('by', { who: series.startedBy })}</Text>
        </div>
      </div>
    </ActivityRow>
  )
}
