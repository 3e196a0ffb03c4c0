import { FluentProvider, makeStyles } from '@fluentui/react-components'
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { I18nextProvider, useTranslation } from 'react-i18next'
import { type DataRouter, RouterProvider } from 'react-router'
import { NotifyProvider } from '../components/notify'
import { ProblemBar } from '../components/ProblemBar'
import { messages } from '../messages'
import { useConnection } from '../state'
import { connect } from '../state/connect'
import { sizes } from '../theme'
import { fluentLook } from './fluentLook'
import { useTheme } from './useTheme'

const useStyles = makeStyles({
  stopped: { padding: sizes.pagePadding, maxWidth: sizes.formWidth },
})

function Connected({ router, client }: { router: DataRouter; client: QueryClient }) {
  const styles = useStyles()
  const { t } = useTranslation()
  const connection = useConnection()
  if (connection.kind === 'failed') {
    return (
      <main className={styles.stopped}>
        <h1>{t('startFailed.heading')}</h1>
        <ProblemBar
          problem={{ ...connection.problem, retry: true }}
          onRetry={() => connect(client)}
        />
      </main>
    )
  }
  return <RouterProvider router={router} />
}

/** The whole window; whoever opens it connects as well. */
export function App({ router, client }: { router: DataRouter; client: QueryClient }) {
  const theme = useTheme()
  return (
    <I18nextProvider i18n={messages}>
      <QueryClientProvider client={client}>
        {/* No class here: Fluent gives it to every portal too, which would then cover the window. */}
        <FluentProvider theme={theme} customStyleHooks_unstable={fluentLook}>
          <NotifyProvider>
            <Connected router={router} client={client} />
          </NotifyProvider>
        </FluentProvider>
      </QueryClientProvider>
    </I18nextProvider>
  )
}
