import { Button } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import {
  createHashRouter,
  createMemoryRouter,
  Navigate,
  type RouteObject,
  useNavigate,
  useRouteError,
} from 'react-router'
import { problemOf } from '../backend'
import { EmptyState } from '../components/EmptyState'
import { Page } from '../components/Page'
import { ProblemBar } from '../components/ProblemBar'
import { routes } from './pages'
import { paths } from './paths'
import { Shell } from './Shell'

function PageNotThere() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  return (
    <Page heading={t('pageNotThere.heading')}>
      <EmptyState
        title={t('pageNotThere.body')}
        action={
          <Button onClick={() => navigate(paths.runtimes)}>{t('pageNotThere.action')}</Button>
        }
      >
        {null}
      </EmptyState>
    </Page>
  )
}

/** The last resort, for a fault of what surrounds the pages. */
function ShellBroken() {
  const { t } = useTranslation()
  return (
    <main>
      <ProblemBar
        problem={problemOf(useRouteError())}
        actions={<Button onClick={() => window.location.reload()}>{t('pageBroken.action')}</Button>}
      />
    </main>
  )
}

const tree: RouteObject[] = [
  {
    path: '/',
    element: <Shell />,
    errorElement: <ShellBroken />,
    children: [
      { index: true, element: <Navigate to={paths.runtimes} replace /> },
      ...routes.map(({ path, Component }) => ({ path, element: <Component /> })),
      { path: '*', element: <PageNotThere /> },
    ],
  },
]

/** The window's router. It begins at the first page: going there from nowhere draws everything twice. */
export function makeRouter() {
  if (window.location.hash === '') window.history.replaceState(null, '', `#${paths.runtimes}`)
  return createHashRouter(tree)
}

/** For tests: begins at an address, without the window's own. */
export const makeMemoryRouter = (at: string) => createMemoryRouter(tree, { initialEntries: [at] })
