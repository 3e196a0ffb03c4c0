import {
  Button,
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
  Text,
  tokens,
} from '@fluentui/react-components'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { Series } from '../../backend/types'
import { Card } from '../../components/Card'
import { ProblemBar } from '../../components/ProblemBar'
import { SeriesMembers } from '../../components/series/SeriesMembers'
import { seriesRuns, seriesState, useSeriesSummary } from '../../components/series/words'
import { useAction } from '../../state'

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL },
  row: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalM,
  },
  bar: { minHeight: 'auto', userSelect: 'text' },
  quiet: { color: tokens.colorNeutralForeground2 },
})

function Stopping({ series }: { series: Series }) {
  const styles = useStyles()
  const { t } = useTranslation('updateAll')
  const stop = useAction('stop_update_all')
  const cancelled = stop.variables?.cancelRunning === true && !stop.isError
  return (
    <>
      {stop.error ? <ProblemBar problem={stop.error.problem} /> : null}
      <div className={styles.row}>
        {series.closing === null ? (
          <>
            <Button onClick={() => stop.mutate({ cancelRunning: false })}>{t('stopNow')}</Button>
            <Text className={styles.quiet}>{t('background')}</Text>
          </>
        ) : (
          <>
            <Text role="status">
              {cancelled
                ? t('cancelAsked')
                : t(series.closing === 'afterFailure' ? 'stoppingFailure' : 'stopping')}
            </Text>
            {cancelled ? null : (
              <Button onClick={() => stop.mutate({ cancelRunning: true })}>
                {t('cancelRunning')}
              </Button>
            )}
          </>
        )}
      </div>
    </>
  )
}

/** A series from its first update to its summary. */
export function SeriesProgress({ series, onClose }: { series: Series; onClose: () => void }) {
  const styles = useStyles()
  const { t } = useTranslation(['updateAll', 'series'])
  const summary = useSeriesSummary()
  const close = useRef<HTMLButtonElement>(null)
  const running = seriesRuns(series)
  const state = seriesState(series)
  useEffect(() => {
    // The button that had the focus is gone.
    if (!running && document.activeElement === document.body) close.current?.focus()
  }, [running])
  return (
    <div className={styles.root}>
      {running ? (
        <Stopping series={series} />
      ) : (
        <>
          <MessageBar
            intent={
              state === 'complete' ? 'success' : state === 'afterFailure' ? 'error' : 'warning'
            }
            layout="multiline"
            className={styles.bar}
            role="status"
          >
            <MessageBarBody>
              <MessageBarTitle>{t(`series:stateOf.${state}`)}</MessageBarTitle>
              <div>{summary(series)}</div>
            </MessageBarBody>
          </MessageBar>
          <div className={styles.row}>
            <Button ref={close} appearance="primary" onClick={onClose}>
              {t('close')}
            </Button>
          </div>
        </>
      )}
      <Card heading={t('progress')}>
        <SeriesMembers series={series} actions />
      </Card>
    </div>
  )
}
