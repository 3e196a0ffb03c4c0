import {
  ArrowSyncCircleRegular,
  BoxToolboxRegular,
  DesktopRegular,
  FlowRegular,
  HistoryRegular,
  KeyRegular,
  SettingsRegular,
} from '@fluentui/react-icons'
import { type ComponentType, lazy, type ReactElement } from 'react'
import RuntimesPage from '../pages/runtimes/RuntimesPage'
import { paths } from './paths'

export interface Route {
  path: string
  Component: ComponentType
}

/** Every page and its address. The first one comes with the window, each other is a chunk of its own. */
export const routes: Route[] = [
  { path: '/runtimes', Component: RuntimesPage },
  { path: '/runtimes/add', Component: lazy(() => import('../pages/wizard/WizardPage')) },
  {
    path: '/runtimes/update-all',
    Component: lazy(() => import('../pages/updateAll/UpdateAllPage')),
  },
  { path: '/runtimes/:runtime', Component: lazy(() => import('../pages/runtime/RuntimePage')) },
  { path: '/flows', Component: lazy(() => import('../pages/flows/FlowsPage')) },
  { path: '/flows/batches', Component: lazy(() => import('../pages/batches/BatchesPage')) },
  {
    path: '/flows/batches/compare',
    Component: lazy(() => import('../pages/batchCompare/ComparePage')),
  },
  { path: '/flows/batches/:batch', Component: lazy(() => import('../pages/batch/BatchPage')) },
  { path: '/flows/:flow/batch', Component: lazy(() => import('../pages/batchForm/BatchFormPage')) },
  { path: '/flows/:flow', Component: lazy(() => import('../pages/flow/FlowPage')) },
  {
    path: '/environments',
    Component: lazy(() => import('../pages/environments/EnvironmentsPage')),
  },
  {
    path: '/environments/add',
    Component: lazy(() => import('../pages/environmentForm/EnvironmentFormPage')),
  },
  {
    path: '/environments/:environment',
    Component: lazy(() => import('../pages/environment/EnvironmentPage')),
  },
  {
    path: '/environments/:environment/edit',
    Component: lazy(() => import('../pages/environmentForm/EnvironmentFormPage')),
  },
  { path: '/computes', Component: lazy(() => import('../pages/computes/ComputesPage')) },
  { path: '/computes/:compute/disk', Component: lazy(() => import('../pages/disk/DiskPage')) },
  { path: '/connections', Component: lazy(() => import('../pages/connections/ConnectionsPage')) },
  { path: '/activity', Component: lazy(() => import('../pages/activity/ActivityPage')) },
  { path: '/logs', Component: lazy(() => import('../pages/logs/LogsPage')) },
  { path: '/support', Component: lazy(() => import('../pages/support/SupportPage')) },
  { path: '/settings', Component: lazy(() => import('../pages/settings/SettingsPage')) },
]

export type NavigationKey =
  | 'runtimes'
  | 'flows'
  | 'environments'
  | 'activity'
  | 'computes'
  | 'connections'
  | 'settings'

export interface NavigationEntry {
  key: NavigationKey
  to: string
  icon: ReactElement
  /** Stands at the bottom. */
  last?: boolean
}

/** The navigation in its order. */
export const navigation: NavigationEntry[] = [
  { key: 'runtimes', to: paths.runtimes, icon: <ArrowSyncCircleRegular /> },
  { key: 'flows', to: paths.flows, icon: <FlowRegular /> },
  { key: 'environments', to: paths.environments, icon: <BoxToolboxRegular /> },
  { key: 'computes', to: paths.computes, icon: <DesktopRegular /> },
  { key: 'connections', to: paths.connections(), icon: <KeyRegular /> },
  { key: 'activity', to: paths.activity, icon: <HistoryRegular /> },
  { key: 'settings', to: paths.settings, icon: <SettingsRegular />, last: true },
]
