import { Button } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import {
  createHashRouter,
  createMemoryRouter,
  Navigate,
  type RouteObject,
  useNavigate,
} from 'react-router'
import { EmptyState } from '../components/EmptyState'
import { Page } from '../components/Page'
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

const tree: RouteObject[] = [
  {
    path: '/',
    element: <Shell />,
    children: [
      { index: true, element: <Navigate to={paths.runtimes} replace /> },
      ...routes.map(({ path, Component }) => ({ path, element: <Component /> })),
      { path: '*', element: <PageNotThere /> },
    ],
  },
]

export const makeRouter = () => createHashRouter(tree)

/** For tests: begins at an address, without the window's own. */
export const makeMemoryRouter = (at: string) => createMemoryRouter(tree, { initialEntries: [at] })
