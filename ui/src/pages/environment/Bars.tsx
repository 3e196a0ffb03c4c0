import {
  Button,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
  tokens,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { useOperationLine } from '../../app/OperationStrip'
import { paths } from '../../app/paths'
import type { EnvironmentView, Runtime } from '../../backend/types'
import { GoLink } from '../../components/GoLink'
import { ProblemBar } from '../../components/ProblemBar'
import { useLiveOperations, useRuntimes } from '../../state'
import { buildOf, isBusy } from './state'

const useStyles = makeStyles({
  bar: { minHeight: 'auto', userSelect: 'text' },
  list: {
    display: 'flex',
    flexWrap: 'wrap',
    columnGap: tokens.spacingHorizontalM,
    margin: 0,
    padding: 0,
    listStyleType: 'none',
    overflowWrap: 'anywhere',
  },
})

/** Runtimes on the newest version's compute that do not run it yet. */
export function behind(environment: EnvironmentView, runtimes: readonly Runtime[]): Runtime[] {
  const [newest] = environment.versions
  if (!newest) return []
  return runtimes.filter(
    ({ id, compute }) =>
      environment.runtimes.includes(id) &&
      compute === newest.compute &&
      !newest.runtimes.includes(id),
  )
}

function NewerBaseBar({
  environment,
  onRebuild,
}: {
  environment: EnvironmentView
  /** `null` while it is built. */
  onRebuild: (() => void) | null
}) {
  const styles = useStyles()
  const { t } = useTranslation('environmentDetail')
  const newer = environment.news?.newer ?? []
  if (newer.length === 0) return null
  return (
    <MessageBar intent="info" layout="multiline" className={styles.bar}>
      <MessageBarBody>
        <MessageBarTitle>{t('bars.newerBase')}</MessageBarTitle>
        {newer.map(({ from, to }) => (
          <div key={from}>
            {from === to ? t('bars.newerImage', { from }) : t('bars.newerTag', { from, to })}
          </div>
        ))}
      </MessageBarBody>
      <MessageBarActions>
        {onRebuild ? <Button onClick={onRebuild}>{t('bars.rebuild')}</Button> : null}
      </MessageBarActions>
    </MessageBar>
  )
}

/** Newer packages than the newest version has, as pip saw them. */
function NewerPackagesBar({ environment }: { environment: EnvironmentView }) {
  const styles = useStyles()
  const { t } = useTranslation('environmentDetail')
  const packages = environment.news?.packages ?? []
  if (packages.length === 0) return null
  return (
    <MessageBar intent="info" layout="multiline" className={styles.bar}>
      <MessageBarBody>
        <MessageBarTitle>{t('bars.newerPackages')}</MessageBarTitle>
        {t('bars.newerPackagesHint')}
        <ul className={styles.list}>
          {packages.map(({ name, from, to }) => (
            <li key={name}>{t('bars.newerPackage', { name, from, to })}</li>
          ))}
        </ul>
      </MessageBarBody>
    </MessageBar>
  )
}

/** A new version that some runtimes do not run yet, with the way to update each. */
function BehindBar({ environment }: { environment: EnvironmentView }) {
  const styles = useStyles()
  const { t } = useTranslation('environmentDetail')
  const navigate = useNavigate()
  const older = behind(environment, useRuntimes())
  const [newest] = environment.versions
  if (!newest || older.length === 0) return null
  return (
    <MessageBar intent="info" layout="multiline" className={styles.bar}>
      <MessageBarBody>
        <MessageBarTitle>{t('bars.ready', { number: newest.number })}</MessageBarTitle>
        {t('bars.older', { count: older.length })}
        <ul className={styles.list}>
          {older.map(({ id, name }) => (
            <li key={id}>
              <GoLink to={paths.update(id)}>{t('bars.update', { name })}</GoLink>
            </li>
          ))}
        </ul>
      </MessageBarBody>
      <MessageBarActions>
        <Button onClick={() => navigate(paths.updateAll)}>{t('bars.updateAll')}</Button>
      </MessageBarActions>
    </MessageBar>
  )
}

/** What is true of the environment now, and what can be done about it. */
export function Bars({
  environment,
  onBuildTab,
  onRebuild,
  onProgress,
  onCheckBases,
}: {
  environment: EnvironmentView
  /** The running build is on screen already. */
  onBuildTab: boolean
  onRebuild: () => void
  onProgress: () => void
  onCheckBases: () => void
}) {
  const { t } = useTranslation('environmentDetail')
  const line = useOperationLine()
  const navigate = useNavigate()
  const operations = useLiveOperations()
  const running = buildOf(environment.id, operations)
  const busy = isBusy(environment, operations)
  const { problems, news } = environment
  return (
    <>
      {running && !onBuildTab ? (
        <MessageBar intent="info">
          <MessageBarBody>{line(running)}</MessageBarBody>
          <MessageBarActions>
            <Button onClick={onProgress}>{t('action.progress')}</Button>
          </MessageBarActions>
        </MessageBar>
      ) : null}
      {problems.map((problem) => (
        <ProblemBar
          key={problem.sentence}
          problem={problem}
          actions={
            <Button onClick={() => navigate(paths.editEnvironment(environment.id))}>
              {t('action.edit')}
            </Button>
          }
        />
      ))}
      <NewerBaseBar environment={environment} onRebuild={busy ? null : onRebuild} />
      <NewerPackagesBar environment={environment} />
      {news?.problem ? (
        <ProblemBar problem={news.problem} outcome={t('bars.notAsked')} onRetry={onCheckBases} />
      ) : null}
      <BehindBar environment={environment} />
    </>
  )
}
