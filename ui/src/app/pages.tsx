import {
  ArrowSyncCircleRegular,
  DesktopRegular,
  HistoryRegular,
  KeyRegular,
  SettingsRegular,
} from '@fluentui/react-icons'
import { type ComponentType, type LazyExoticComponent, lazy, type ReactElement } from 'react'
import { paths } from './paths'

type Loader = () => Promise<{ default: ComponentType }>

/** Pages by file name; each is a chunk of its own. */
const found = import.meta.glob<{ default: ComponentType }>('../pages/*/*Page.tsx')

function page(file: string): LazyExoticComponent<ComponentType> | null {
  const load = found[`../pages/${file}.tsx`] as Loader | undefined
  return load ? lazy(load) : null
}

export const FirstRunPage = page('firstrun/FirstRunPage')

export interface Route {
  path: string
  Component: LazyExoticComponent<ComponentType>
}

/** Every page and its address. */
export const routes: Route[] = (
  [
    ['/runtimes', 'runtimes/RuntimesPage'],
    ['/runtimes/add', 'wizard/WizardPage'],
    ['/runtimes/:runtime', 'runtime/RuntimePage'],
    ['/activity', 'activity/ActivityPage'],
    ['/computes', 'computes/ComputesPage'],
    ['/connections', 'connections/ConnectionsPage'],
    ['/settings', 'settings/SettingsPage'],
  ] as const
).flatMap(([path, file]) => {
  const Component = page(file)
  return Component ? [{ path, Component }] : []
})

export type NavigationKey = 'runtimes' | 'activity' | 'computes' | 'connections' | 'settings'

export interface NavigationEntry {
  key: NavigationKey
  to: string
  icon: ReactElement
  /** Stands at the bottom. */
  last?: boolean
}

/** The navigation in its order; only pages that exist. */
export const navigation: NavigationEntry[] = (
  [
    { key: 'runtimes', to: paths.runtimes, icon: <ArrowSyncCircleRegular /> },
    { key: 'computes', to: paths.computes, icon: <DesktopRegular /> },
    { key: 'connections', to: paths.connections(), icon: <KeyRegular /> },
    { key: 'activity', to: paths.activity, icon: <HistoryRegular /> },
    { key: 'settings', to: paths.settings, icon: <SettingsRegular />, last: true },
  ] satisfies NavigationEntry[]
).filter((entry) => routes.some((route) => route.path === entry.to))
