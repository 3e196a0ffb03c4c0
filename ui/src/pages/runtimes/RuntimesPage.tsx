import { Button, Spinner } from '@fluentui/react-components'
import {
  Add20Regular,
  ArrowSyncRegular,
  BoxMultipleRegular,
  SearchRegular,
} from '@fluentui/react-icons'
import { lazy, useCallback, useState, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import type { ComputeView, Runtime } from '../../backend/types'
import { EmptyState } from '../../components/EmptyState'
import { SkeletonLines } from '../../components/Late'
import { Page } from '../../components/Page'
import { seriesRuns } from '../../components/series/words'
import { useComputes, useConnection, useRuntimes, useSeries } from '../../state'
import { live } from '../../state/live'
import { RemoveDialog } from '../runtime/RemoveDialog'
import { ChosenBar } from './ChosenBar'
import { Filters, SearchRuntimes } from './Filters'
import { NotInStep } from './NotInStep'
import { RuntimeGrid } from './RuntimeGrid'
import { startView, useView, visibleRows } from './view'

/** Whether anything can host a runtime now or is about to. */
export function hasUsableCompute(computes: readonly ComputeView[]): boolean {
  return computes.some(({ state }) =>
    ['connected', 'connecting', 'reconnecting'].includes(state.kind),
  )
}

/** Stands in this page's place while no engine can be used. */
const FirstRunPage = lazy(() => import('../firstrun/FirstRunPage'))

const noSubscription = () => () => undefined

export default function RuntimesPage() {
  const { t } = useTranslation('runtimes')
  const navigate = useNavigate()
  const connection = useConnection()
  const runtimes = useRuntimes()
  const computes = useComputes()
  const series = useSeries()
  const [view, onView] = useView()
  const [deleting, setDeleting] = useState<Runtime | null>(null)
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set())
  const onChoose = useCallback(
    (id: string, chosen: boolean) =>
      setIds((before) => {
        const after = new Set(before)
        if (chosen) after.add(id)
        else after.delete(id)
        return after
      }),
    [],
  )
  const onDelete = useCallback((runtime: Runtime) => setDeleting(runtime), [])
  // Readings move rows only where the person sorts by them.
  const byUsage = view.sort.column === 'cpu' || view.sort.column === 'memory'
  useSyncExternalStore(byUsage ? live.usage.subscribe : noSubscription, live.usage.all)

  if (connection.kind === 'live' && runtimes.length === 0 && !hasUsableCompute(computes)) {
    return <FirstRunPage />
  }
  const updateAll = () => navigate(paths.updateAll)
  const rows = visibleRows(runtimes, view)
  // What is not shown is not chosen.
  const chosen = rows.filter(({ id }) => ids.has(id)).map(({ id }) => id)
  const loading =
    runtimes.length === 0 &&
    (connection.kind === 'connecting' || computes.some(({ state }) => state.kind === 'connecting'))
  const empty = runtimes.length === 0 && !loading
  const add = (
    <Button
      appearance="primary"
      icon={<Add20Regular />}
      onClick={() => navigate(paths.addRuntime())}
    >
      {t('add')}
    </Button>
  )
  return (
    <Page
      heading={t('heading')}
      fixed
      notices={<NotInStep shown={new Set(runtimes.map(({ compute }) => compute))} />}
      actions={
        <>
          {runtimes.length > 0 ? <SearchRuntimes view={view} onView={onView} /> : null}
          {series !== null && seriesRuns(series) ? (
            <Button icon={<Spinner size="extra-tiny" aria-hidden="true" />} onClick={updateAll}>
              {t('updateAllRuns')}
            </Button>
          ) : runtimes.some(({ updateAvailable }) => updateAvailable !== null) ? (
            <Button icon={<ArrowSyncRegular />} onClick={updateAll}>
              {t('updateAll')}
            </Button>
          ) : null}
          {empty ? null : add}
        </>
      }
    >
      {runtimes.length > 0 ? <Filters runtimes={runtimes} view={view} onView={onView} /> : null}
      <ChosenBar chosen={chosen} onClear={() => setIds(new Set())} />
      {loading ? <SkeletonLines lines={8} height={28} /> : null}
      {empty ? (
        <EmptyState icon={<BoxMultipleRegular />} title={t('empty.title')} action={add}>
          {t('empty.body')}
        </EmptyState>
      ) : null}
      {runtimes.length > 0 && rows.length === 0 ? (
        <EmptyState
          icon={<SearchRegular />}
          title={t('empty.noMatch')}
          action={
            <Button onClick={() => onView({ ...startView, sort: view.sort })}>
              {t('empty.showAll')}
            </Button>
          }
        >
          {t('empty.noMatchBody')}
        </EmptyState>
      ) : null}
      {rows.length > 0 ? (
        <RuntimeGrid
          rows={rows}
          sort={view.sort}
          onSort={(sort) => onView({ sort })}
          chosen={ids}
          onChoose={onChoose}
          onDelete={onDelete}
        />
      ) : null}
      {deleting ? <RemoveDialog runtime={deleting} onClose={() => setDeleting(null)} /> : null}
    </Page>
  )
}
