import { Button, makeStyles, Tab, TabList, Text, tokens } from '@fluentui/react-components'
import { BoxToolboxRegular } from '@fluentui/react-icons'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate, useParams, useSearchParams } from 'react-router'
import { type EnvironmentTab, paths } from '../../app/paths'
import type { EnvironmentView } from '../../backend/types'
import { EmptyState } from '../../components/EmptyState'
import { SkeletonLines } from '../../components/Late'
import { useNotify } from '../../components/notify'
import { Page } from '../../components/Page'
import { ProblemBar } from '../../components/ProblemBar'
import type { RemedyHandlers } from '../../problems/remedies'
import { question, useAction, useLiveOperations } from '../../state'
import { Bars } from './Bars'
import { Build } from './Build'
import { BuildDialog } from './BuildDialog'
import { DeleteDialog } from './DeleteDialog'
import { DuplicateDialog } from './DuplicateDialog'
import { HeaderActions, HeaderFacts } from './Header'
import { History } from './History'
import { Overview } from './Overview'
import { isBuilt, isBusy, useEnvironments } from './state'
import { TakeOverDialog } from './TakeOverDialog'
import { Versions } from './Versions'

const TABS: readonly EnvironmentTab[] = ['overview', 'versions', 'build', 'history']

const useStyles = makeStyles({
  tabs: {
    marginInline: `calc(-1 * ${tokens.spacingHorizontalM})`,
    flexShrink: 0,
    flexWrap: 'wrap',
  },
  panel: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL },
  description: { color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
})

/** Asks now whether there are newer bases; what is found stands in a bar, else a toast says there is none. */
function useCheckBases({ id, name }: EnvironmentView) {
  const { t } = useTranslation('environmentDetail')
  const client = useQueryClient()
  const notify = useNotify()
  const check = useAction('check_bases')
  const run = () =>
    check.mutate(
      { environment: id },
      {
        onError: (error) => notify.problem(error.problem),
        onSuccess: async () => {
          const { environments } = await client.fetchQuery({
            ...question('list_environments', {}),
            staleTime: 0,
          })
          const news = environments.find((one) => one.id === id)?.news
          const nothing = !news || news.newer.length + news.packages.length === 0
          if (nothing && !news?.problem) {
            notify.show({ intent: 'success', title: t('basesNewest', { name }) })
          }
        },
      },
    )
  return { run, checking: check.isPending }
}

/** The page of an environment that exists. */
function Existing({ environment }: { environment: EnvironmentView }) {
  const styles = useStyles()
  const { t } = useTranslation(['environmentDetail', 'environments'])
  const navigate = useNavigate()
  const [search, setSearch] = useSearchParams()
  const [dialog, setDialog] = useState<'duplicate' | 'delete' | 'takeOver' | null>(null)
  const [exactly, setExactly] = useState<number | null>(null)
  const bases = useCheckBases(environment)
  const busy = isBusy(environment, useLiveOperations())
  const { id, name, description } = environment
  const tab = TABS.find((one) => one === search.get('tab')) ?? 'overview'
  const build = search.get('build')
  const version = Number(search.get('version') ?? Number.NaN)
  const choose = (change: Record<string, string | null>) =>
    setSearch(
      (before) => {
        const after = new URLSearchParams(before)
        for (const [key, value] of Object.entries(change)) {
          if (value === null) after.delete(key)
          else after.set(key, value)
        }
        return after
      },
      { replace: true },
    )
  const openBuild = () => choose({ build: 'open' })
  const closeDialog = () => setDialog(null)
  const closeBuild = () => {
    setExactly(null)
    choose({ build: null })
  }
  const remedies: RemedyHandlers = {
    ...(busy ? {} : { tryAgain: openBuild }),
    chooseImage: () => navigate(paths.editEnvironment(id)),
    useMirror: () => navigate(paths.editEnvironment(id)),
  }
  const panel = {
    overview: <Overview environment={environment} onBuild={busy ? null : openBuild} />,
    versions: (
      <Versions
        environment={environment}
        chosen={Number.isNaN(version) ? null : version}
        onExactly={isBuilt(environment) && !busy ? setExactly : null}
      />
    ),
    build: (
      <Build
        environment={environment}
        chosen={search.get('operation')}
        remedies={remedies}
        onRetry={openBuild}
        onNewest={() => choose({ operation: null })}
      />
    ),
    history: <History environment={environment} remedies={remedies} />,
  }
  return (
    <Page
      heading={name}
      back={{ label: t('back'), to: paths.environments }}
      aside={<HeaderFacts environment={environment} />}
      notices={
        <Bars
          environment={environment}
          onBuildTab={tab === 'build'}
          onRebuild={() => choose({ build: 'newest' })}
          onProgress={() => choose({ tab: 'build', operation: null })}
          onCheckBases={bases.run}
        />
      }
      actions={
        <HeaderActions
          environment={environment}
          checking={bases.checking}
          onBuild={openBuild}
          onDuplicate={() => setDialog('duplicate')}
          onDelete={() => setDialog('delete')}
          onCheckBases={bases.run}
          onTakeOver={() => setDialog('takeOver')}
        />
      }
    >
      {description ? <Text className={styles.description}>{description}</Text> : null}
      <TabList
        className={styles.tabs}
        aria-label={t('tabs.label', { name })}
        selectedValue={tab}
        onTabSelect={(_, { value }) => choose({ tab: String(value), operation: null })}
      >
        {TABS.map((one) => (
          <Tab key={one} id={`tab-${one}`} value={one} aria-controls="environment-panel">
            {t(`tabs.${one}`)}
          </Tab>
        ))}
      </TabList>
      <div
        id="environment-panel"
        role="tabpanel"
        aria-labelledby={`tab-${tab}`}
        className={styles.panel}
      >
        {panel[tab]}
      </div>
      {build !== null || exactly !== null ? (
        <BuildDialog
          environment={environment}
          newest={build === 'newest'}
          exactly={exactly}
          onClose={closeBuild}
          onStarted={() => {
            setExactly(null)
            choose({ build: null, tab: 'build', operation: null })
          }}
        />
      ) : null}
      {dialog === 'duplicate' ? (
        <DuplicateDialog environment={environment} onClose={closeDialog} />
      ) : null}
      {dialog === 'delete' ? (
        <DeleteDialog
          environment={environment}
          onClose={closeDialog}
          onDeleted={() => navigate(paths.environments, { replace: true })}
        />
      ) : null}
      {dialog === 'takeOver' ? (
        <TakeOverDialog environment={environment} onClose={closeDialog} />
      ) : null}
    </Page>
  )
}

/** One environment: what it is made from, its versions, and its builds. */
export default function EnvironmentPage() {
  const { t } = useTranslation('environmentDetail')
  const navigate = useNavigate()
  const { environment: id = '' } = useParams()
  const { data, error, refetch, isFetching } = useEnvironments()
  const environment = data?.environments.find((one) => one.id === id)
  if (environment) return <Existing key={id} environment={environment} />
  if (!error && (!data || isFetching)) return <SkeletonLines lines={6} height={28} />
  return (
    <Page heading={t('gone.heading')} back={{ label: t('back'), to: paths.environments }}>
      {error ? (
        <ProblemBar problem={error.problem} onRetry={() => refetch()} />
      ) : (
        <EmptyState
          icon={<BoxToolboxRegular />}
          title={t('gone.title')}
          action={<Button onClick={() => navigate(paths.environments)}>{t('gone.action')}</Button>}
        >
          {t('gone.body')}
        </EmptyState>
      )}
    </Page>
  )
}
