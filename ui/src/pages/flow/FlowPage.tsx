import {
  Button,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  makeStyles,
  mergeClasses,
  Tab,
  TabList,
  Text,
  tokens,
} from '@fluentui/react-components'
import { FlowRegular } from '@fluentui/react-icons'
import { lazy, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate, useParams, useSearchParams } from 'react-router'
import { type FlowTab, paths } from '../../app/paths'
import type { FlowView } from '../../backend/types'
import { EmptyState } from '../../components/EmptyState'
import { LongValue } from '../../components/Facts'
import { SkeletonLines } from '../../components/Late'
import { Page } from '../../components/Page'
import { ProblemBar } from '../../components/ProblemBar'
import { useAsk } from '../../state'
import { sizes } from '../../theme'
import { Batches } from './Batches'
import { FitFindings } from './Fit'
import { NodeTable } from './NodeTable'
import { OpenInCode } from './OpenInCode'
import { Problems } from './Problems'
import { FlowPageContext, useFlowPage } from './page'
import { RunLog } from './RunLog'
import { Runs } from './Runs'
import { RunView } from './RunView'
import { SidePanel } from './SidePanel'
import { TopRow } from './TopRow'
import { usePage, useRuntimeChoice } from './usePage'

const Graph = lazy(() => import('./Graph'))

const TABS: readonly FlowTab[] = ['run', 'log', 'history', 'batches']

const useStyles = makeStyles({
  upper: {
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 1fr) 400px',
    gap: tokens.spacingHorizontalL,
    height: 'clamp(400px, 62vh, 760px)',
    '@media (max-width: 999px)': { gridTemplateColumns: 'minmax(0, 1fr)', height: 'auto' },
  },
  alone: { gridTemplateColumns: 'minmax(0, 1fr)', height: 'auto' },
  steps: {
    display: 'flex',
    flexDirection: 'column',
    minHeight: 0,
    minWidth: 0,
    '@media (max-width: 999px)': { height: '420px' },
  },
  side: { display: 'flex', flexDirection: 'column', minHeight: 0, minWidth: 0 },
  tabs: {
    flexShrink: 0,
    flexWrap: 'wrap',
    marginInline: `calc(-1 * ${tokens.spacingHorizontalM})`,
  },
  // Their text stands where the graph begins.
  small: { flexShrink: 0, marginInline: `calc(-1 * ${tokens.spacingHorizontalS})` },
  waiting: { padding: sizes.pagePadding },
  panel: {
    display: 'flex',
    flexDirection: 'column',
    flexGrow: 1,
    minHeight: 0,
    paddingTop: tokens.spacingVerticalS,
  },
  lower: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalM },
  facts: { color: tokens.colorNeutralForeground2 },
  aside: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalM,
    minWidth: 0,
  },
  bar: { paddingBlock: tokens.spacingVerticalS },
})

/** The steps, as a graph or as a table. */
function Steps() {
  const styles = useStyles()
  const { t } = useTranslation('flow')
  const { view } = useFlowPage()
  const [search, setSearch] = useSearchParams()
  const as = search.get('as') === 'list' ? 'list' : 'graph'
  if (view.graph.nodes.length === 0) return null
  return (
    <div className={styles.steps}>
      <TabList
        size="small"
        className={styles.small}
        aria-label={t('steps.label')}
        selectedValue={as}
        onTabSelect={(_, { value }) =>
          setSearch(
            (before) => {
              const after = new URLSearchParams(before)
              if (value === 'list') after.set('as', 'list')
              else after.delete('as')
              return after
            },
            { replace: true },
          )
        }
      >
        <Tab id="steps-graph" value="graph" aria-controls="steps-panel">
          {t('steps.graph')}
        </Tab>
        <Tab id="steps-list" value="list" aria-controls="steps-panel">
          {t('steps.list')}
        </Tab>
      </TabList>
      <div
        id="steps-panel"
        role="tabpanel"
        aria-labelledby={`steps-${as}`}
        className={styles.panel}
      >
        {as === 'graph' ? (
          <Suspense fallback={<SkeletonLines lines={6} height={28} />}>
            <Graph />
          </Suspense>
        ) : (
          <NodeTable />
        )}
      </div>
    </div>
  )
}

/** About the run that is shown, and the others. */
function Lower() {
  const styles = useStyles()
  const { t } = useTranslation('flowRun')
  const { go, run, runs } = useFlowPage()
  const [search] = useSearchParams()
  const tab = TABS.find((one) => one === search.get('tab')) ?? 'run'
  const older = search.get('run') !== null && runs?.[0] && run && run.id !== runs[0].id
  const panel = { run: <RunView />, log: <RunLog />, history: <Runs />, batches: <Batches /> }
  return (
    <div className={styles.lower}>
      <TabList
        className={styles.tabs}
        aria-label={t('tabs.label')}
        selectedValue={tab}
        onTabSelect={(_, { value }) => go({ tab: value === 'run' ? null : String(value) })}
      >
        {TABS.map((one) => (
          <Tab key={one} id={`run-tab-${one}`} value={one} aria-controls="run-panel">
            {t(`tabs.${one}`)}
          </Tab>
        ))}
      </TabList>
      {older && (tab === 'run' || tab === 'log') ? (
        <MessageBar className={styles.bar}>
          <MessageBarBody>{t('older.body')}</MessageBarBody>
          <MessageBarActions>
            <Button onClick={() => go({ run: null })}>{t('older.newest')}</Button>
          </MessageBarActions>
        </MessageBar>
      ) : null}
      <div
        id="run-panel"
        role="tabpanel"
        aria-labelledby={`run-tab-${tab}`}
        className={styles.lower}
      >
        {panel[tab]}
      </div>
    </div>
  )
}

/** The page of a flow that can be told of. */
function Existing({ view }: { view: FlowView }) {
  const styles = useStyles()
  const { t } = useTranslation('flow')
  const { runtimes, runtime, error, choose } = useRuntimeChoice(view)
  const page = usePage(view, runtimes, runtime)
  const { model } = view
  const remembered = view.runtime
  const isGone = remembered !== null && !remembered.usable && runtime?.usable !== true
  const by = page.startProblem?.by
  const problem = by === 'flow' || by === 'again' ? (page.startProblem?.problem ?? null) : null
  return (
    <FlowPageContext value={page}>
      <Page
        heading={view.name}
        back={{ label: t('back'), to: paths.flows }}
        aside={
          <span className={styles.aside}>
            {model ? <Text className={styles.facts}>{t(`flowKind.${model.kind}`)}</Text> : null}
            <span className={styles.facts}>
              <LongValue text={view.folder} name={t('folder')} length={56} />
            </span>
            <OpenInCode />
          </span>
        }
      >
        {model?.description ? <Text className={styles.facts}>{model.description}</Text> : null}
        <TopRow runtimes={runtimes} onChoose={choose} />
        {error ? <ProblemBar problem={error.problem} /> : null}
        {isGone ? (
          <MessageBar intent="warning" layout="multiline" role="group" className={styles.bar}>
            <MessageBarBody>
              {t('runtime.gone', { name: remembered.name, sentence: remembered.sentence })}
            </MessageBarBody>
          </MessageBar>
        ) : null}
        {problem ? <ProblemBar problem={problem} title={t('notStarted')} /> : null}
        <FitFindings />
        <Problems />
        <div className={mergeClasses(styles.upper, view.graph.nodes.length === 0 && styles.alone)}>
          <Steps />
          <div className={styles.side}>
            <SidePanel />
          </div>
        </div>
        <Lower />
      </Page>
    </FlowPageContext>
  )
}

/** One flow: what it is made of, running it on a runtime, and what its runs gave. */
export default function FlowPage() {
  const styles = useStyles()
  const { t } = useTranslation('flow')
  const navigate = useNavigate()
  const { flow = '' } = useParams()
  const { data, error, refetch } = useAsk('flow', { flow })
  if (data) return <Existing key={flow} view={data} />
  const back = { label: t('back'), to: paths.flows }
  if (!error) {
    return (
      <div className={styles.waiting}>
        <SkeletonLines lines={8} height={28} />
      </div>
    )
  }
  return (
    <Page heading={t('gone.heading')} back={back}>
      {error.problem.code === 'notFound' ? (
        <EmptyState
          icon={<FlowRegular />}
          title={error.problem.sentence}
          action={<Button onClick={() => navigate(paths.flows)}>{t('gone.action')}</Button>}
        >
          {error.problem.hints.join(' ')}
        </EmptyState>
      ) : (
        <ProblemBar problem={error.problem} onRetry={() => refetch()} />
      )}
    </Page>
  )
}
