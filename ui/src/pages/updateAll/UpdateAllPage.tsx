import { Button, makeStyles, tokens } from '@fluentui/react-components'
import { ArrowClockwise20Regular, CheckmarkCircleRegular } from '@fluentui/react-icons'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { paths } from '../../app/paths'
import type { Freshness } from '../../backend/types'
import { Looking } from '../../components/decision/Held'
import { EmptyState } from '../../components/EmptyState'
import { Page } from '../../components/Page'
import { ProblemBar } from '../../components/ProblemBar'
import { seriesRuns } from '../../components/series/words'
import { useAction, useAsk, useSeries } from '../../state'
import { sizes } from '../../theme'
import { Others } from './Others'
import { SeriesProgress } from './SeriesProgress'
import { UpdateAllForm } from './UpdateAllForm'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalL,
    maxWidth: sizes.readingWidth,
  },
})

/** Several runtimes are updated one after another: chosen, followed and summed up. */
export default function UpdateAllPage() {
  const styles = useStyles()
  const { t } = useTranslation('updateAll')
  const series = useSeries()
  const start = useAction('update_all')
  // The summary stays until it was read; one that ended before this page was opened is in Activity.
  const [followed, setFollowed] = useState<string | null>(null)
  // Opening the page asks what is newer, unless that was just asked.
  const [freshness, setFreshness] = useState<Freshness>('page')
  const running = series !== null && seriesRuns(series)
  const following = running || (series !== null && series.id === followed)
  useEffect(() => {
    if (running) setFollowed(series.id)
  }, [running, series])
  const preview = useAsk('preview_update_all', { freshness }, { enabled: !following, staleTime: 0 })
  const { data, error } = preview
  const looking = !following && preview.isFetching
  const close = () => {
    setFollowed(null)
    setFreshness('page')
    start.reset()
  }
  return (
    <Page
      heading={t('heading')}
      back={{ label: t('back'), to: paths.runtimes }}
      actions={
        following ? null : (
          <Button
            appearance="subtle"
            icon={<ArrowClockwise20Regular />}
            disabledFocusable={looking}
            onClick={() => (freshness === 'now' ? preview.refetch() : setFreshness('now'))}
          >
            {t('lookAgain')}
          </Button>
        )
      }
    >
      <div className={styles.root}>
        {following && series ? <SeriesProgress series={series} onClose={close} /> : null}
        {looking ? <Looking>{t('looking')}</Looking> : null}
        {error && !following && !looking ? (
          <ProblemBar problem={error.problem} onRetry={() => preview.refetch()} />
        ) : null}
        {data && !following && !looking ? (
          <>
            {data.candidates.length === 0 ? (
              <EmptyState icon={<CheckmarkCircleRegular />} title={t('nothing')}>
                {data.others.length === 0 ? t('noRuntimes') : t('nothingBody')}
              </EmptyState>
            ) : (
              <UpdateAllForm
                preview={data}
                starting={start.isPending}
                problem={start.error?.problem ?? null}
                onStart={(request) => start.mutate(request)}
              />
            )}
            <Others others={data.others} />
          </>
        ) : null}
      </div>
    </Page>
  )
}
