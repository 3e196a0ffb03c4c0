import { makeStyles, mergeClasses, Tab, TabList, tokens } from '@fluentui/react-components'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate, useParams, useSearchParams } from 'react-router'
import { paths, type RuntimeTab } from '../../app/paths'
import type { OperationKind, Runtime } from '../../backend/types'
import { SkeletonLines } from '../../components/Late'
import { useNotify } from '../../components/notify'
import { Page } from '../../components/Page'
import { FindingBar } from '../../components/ProblemBar'
import { type RemedyHandlers, withDiagnosis } from '../../problems/remedies'
import { useAsk, useConnection, useRuntime } from '../../state'
import { live } from '../../state/live'
import { useRowsInView } from '../../state/rowsInView'
import { NotInStep } from '../runtimes/NotInStep'
import { AdoptedBar } from './adopted/AdoptedBar'
import { ManageDialog } from './adopted/ManageDialog'
import { isReleased, markReleased } from './adopted/released'
import { Configuration } from './configuration/Configuration'
import { Diagnostics } from './diagnostics/Diagnostics'
import { MendDialog } from './diagnostics/MendDialog'
import { mendingOf } from './diagnostics/mending'
import { RollBackDialogPart, UpdateDialogPart } from './dialogParts'
import { Gone } from './Gone'
import { HeaderActions, HeaderFacts } from './Header'
import { History } from './History'
import { LockBar } from './LockBar'
import { Logs } from './Logs'
import { OperationBars } from './OperationBars'
import { Overview } from './Overview'
import { AddPackagesDialog } from './packages/AddPackagesDialog'
import { useByHand } from './packages/byHand'
import { Packages } from './packages/Packages'
import { PolicyNewsBar } from './policy/PolicyNewsBar'
import { RemoveDialog } from './RemoveDialog'
import { useRuntimeActions } from './useRuntimeActions'
import { useVersionCheck } from './useVersionCheck'
import { VersionBar } from './VersionBar'

const TABS: readonly RuntimeTab[] = [
  'overview',
  'logs',
  'packages',
  'diagnostics',
  'history',
  'configuration',
]
/** These scroll inside themselves. */
const FIXED: ReadonlySet<RuntimeTab> = new Set(['logs', 'packages'])

const useStyles = makeStyles({
  // In a narrow window the last ones stand in a second row: the page is never scrolled sideways.
  tabs: {
    marginInline: `calc(-1 * ${tokens.spacingHorizontalM})`,
    flexShrink: 0,
    flexWrap: 'wrap',
  },
  panel: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL },
  fill: { flexGrow: 1, minHeight: 0 },
})

function Panel({
  tab,
  runtime,
  version,
  remedies,
  installing,
  onInstalling,
}: {
  tab: RuntimeTab
  runtime: Runtime
  version: ReturnType<typeof useVersionCheck>
  remedies: RemedyHandlers
  installing: boolean
  onInstalling: (open: boolean) => void
}) {
  switch (tab) {
    case 'overview':
      return <Overview runtime={runtime} version={version} />
    case 'logs':
      return <Logs runtime={runtime} />
    case 'packages':
      return <Packages runtime={runtime} installing={installing} onInstalling={onInstalling} />
    case 'diagnostics':
      return <Diagnostics runtime={runtime} remedies={remedies} />
    case 'history':
      return <History runtime={runtime} remedies={remedies} />
    case 'configuration':
      return <Configuration runtime={runtime} />
  }
}

/** The page of a runtime that exists. */
function Existing({ runtime }: { runtime: Runtime }) {
  const styles = useStyles()
  const { t } = useTranslation('runtime')
  const notify = useNotify()
  const [search, setSearch] = useSearchParams()
  const [dialog, setDialog] = useState<'remove' | 'rollBack' | null>(null)
  const version = useVersionCheck(runtime.id, runtime.digest)
  const { data: policy } = useAsk('update_policy', { runtime: runtime.id })
  // Whoever never wants to hear of newer versions hears of them when asking.
  const [asked, setAsked] = useState(false)
  const silent = policy?.policy.kind === 'never' && !asked
  const { remediesOf } = useRuntimeActions()
  useRowsInView([runtime.id])
  const tab = TABS.find((one) => one === search.get('tab')) ?? 'overview'
  const updating = search.get('update') === 'open'
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
  const free = runtime.operation === null && runtime.lock === null
  const openUpdate = () => choose({ update: 'open' })
  const openManage = () => choose({ manage: 'open' })
  const viewOperation = (kind: OperationKind) => {
    switch (kind) {
      case 'reconfigure':
        return choose({ tab: 'configuration', change: 'open' })
      case 'manage':
        return openManage()
      case 'addPackages':
        return choose({ tab: 'packages', add: 'open' })
      case 'install':
        return choose({ tab: 'packages', install: 'open' })
      default:
        return openUpdate()
    }
  }
  const byHand = useByHand(runtime)
  const remedies = { ...remediesOf(runtime), chooseImage: openUpdate }
  const check = async () => {
    setAsked(true)
    const answer = await version.checkNow()
    if (answer?.answer.kind === 'upToDate') {
      notify.show({ intent: 'success', title: t('version.isUpToDate', { name: runtime.name }) })
    }
  }
  const mending = mendingOf(search.get('mend'))
  const fixed = FIXED.has(tab)
  return (
    <Page
      heading={runtime.name}
      back={{ label: t('back'), to: paths.runtimes }}
      fixed={fixed}
      notices={
        <>
          <NotInStep shown={new Set([runtime.compute])} />
          {runtime.lock && !runtime.lock.ours ? (
            <LockBar runtime={runtime} lock={runtime.lock} />
          ) : null}
          {runtime.finding && tab !== 'diagnostics' ? (
            <FindingBar finding={withDiagnosis(runtime.finding)} remedies={remedies} />
          ) : null}
          <OperationBars
            runtime={runtime}
            told={[
              policy?.news?.operation ?? null,
              tab === 'packages' ? (byHand?.operation ?? null) : null,
            ]}
            remedies={remedies}
            onView={viewOperation}
          />
          {runtime.adopted === null ? null : <AdoptedBar since={runtime.adopted} />}
          <PolicyNewsBar runtime={runtime} news={policy?.news ?? null} />
          {runtime.operation === null && !silent ? (
            <VersionBar
              runtime={runtime}
              version={version}
              remedies={remedies}
              onUpdate={free ? openUpdate : null}
            />
          ) : null}
        </>
      }
      aside={<HeaderFacts runtime={runtime} />}
      actions={
        <HeaderActions
          runtime={runtime}
          checking={version.checking}
          onUpdate={openUpdate}
          onCheck={check}
          onRollBack={() => setDialog('rollBack')}
          onManage={openManage}
          onRemove={() => setDialog('remove')}
        />
      }
    >
      <TabList
        className={styles.tabs}
        aria-label={t('tabs.label', { name: runtime.name })}
        selectedValue={tab}
        onTabSelect={(_, { value }) => choose({ tab: String(value) })}
      >
        {TABS.map((one) => (
          <Tab key={one} id={`tab-${one}`} value={one} aria-controls="runtime-panel">
            {t(`tabs.${one}`)}
          </Tab>
        ))}
      </TabList>
      <div
        id="runtime-panel"
        role="tabpanel"
        aria-labelledby={`tab-${tab}`}
        className={mergeClasses(styles.panel, fixed && styles.fill)}
      >
        <Panel
          tab={tab}
          runtime={runtime}
          version={version}
          remedies={remedies}
          installing={search.get('install') === 'open'}
          onInstalling={(open) => choose({ install: open ? 'open' : null })}
        />
      </div>
      <UpdateDialogPart
        runtime={runtime}
        open={updating}
        onClose={() => choose({ update: null })}
        initialVersion={runtime.updateAvailable}
      />
      {search.get('manage') === 'open' ? (
        <ManageDialog runtime={runtime} onClose={() => choose({ manage: null })} />
      ) : null}
      {search.get('add') === 'open' ? (
        <AddPackagesDialog runtime={runtime} packages={[]} onClose={() => choose({ add: null })} />
      ) : null}
      {mending ? (
        <MendDialog runtime={runtime.id} remedy={mending} onClose={() => choose({ mend: null })} />
      ) : null}
      {dialog === 'remove' ? (
        <RemoveDialog runtime={runtime} onClose={() => setDialog(null)} />
      ) : null}
      <RollBackDialogPart
        runtime={runtime}
        open={dialog === 'rollBack'}
        onClose={() => setDialog(null)}
      />
    </Page>
  )
}

/** Closes the page with a word when its runtime disappears. */
function useCloseWhenGone(id: string, runtime: Runtime | undefined): void {
  const { t } = useTranslation('runtime')
  const notify = useNotify()
  const navigate = useNavigate()
  const lastName = useRef<string | null>(null)
  useEffect(() => {
    if (runtime) {
      lastName.current = runtime.name
      return
    }
    const name = lastName.current
    if (name === null) return
    lastName.current = null
    if (isReleased(id)) {
      markReleased(id, false)
      navigate(paths.runtimes, { replace: true })
      return
    }
    const deleted = live.operations
      .all()
      .some((operation) => operation.runtime === id && operation.kind === 'delete')
    notify.show(
      deleted
        ? { intent: 'success', title: t('gone.deleted', { name }) }
        : {
            intent: 'warning',
            title: t('gone.outside', { name }),
            body: t('gone.outsideBody'),
            action: {
              label: t('gone.diagnose'),
              run: () => navigate(paths.runtime(id, 'diagnostics')),
            },
          },
    )
    navigate(paths.runtimes, { replace: true })
  }, [id, runtime, notify, navigate, t])
}

export default function RuntimePage() {
  const { runtime: id = '' } = useParams()
  const runtime = useRuntime(id)
  const connection = useConnection()
  useCloseWhenGone(id, runtime)
  if (runtime) return <Existing key={id} runtime={runtime} />
  if (connection.kind === 'connecting') return <SkeletonLines lines={6} height={28} />
  return <Gone key={id} id={id} />
}
