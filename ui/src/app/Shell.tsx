import { Button, Link, makeStyles, tokens } from '@fluentui/react-components'
import { Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { Outlet, useLocation } from 'react-router'
import { problemOf } from '../backend'
import { ErrorBoundary } from '../components/ErrorBoundary'
import { SkeletonLines } from '../components/Late'
import { Page } from '../components/Page'
import { ProblemBar } from '../components/ProblemBar'
import { sizes } from '../theme'
import { ClosingDialog } from './ClosingDialog'
import { EndedBatches } from './EndedBatches'
import { EndedFlowRuns } from './EndedFlowRuns'
import { EndedOperations } from './EndedOperations'
import { Navigation } from './Navigation'
import { OperationStrip } from './OperationStrip'
import { Shortcuts } from './Shortcuts'
import { useKeptFocus } from './useKeptFocus'

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', height: '100vh' },
  middle: { display: 'flex', flexGrow: 1, minHeight: 0 },
  main: { flexGrow: 1, minWidth: 0, overflow: 'auto', ':focus-visible': { outlineStyle: 'none' } },
  skip: {
    position: 'absolute',
    left: '8px',
    top: '-60px',
    padding: '8px 16px',
    zIndex: 10,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorBrandBackground,
    color: tokens.colorNeutralForegroundOnBrand,
    ':focus': { top: '8px' },
  },
  waiting: { padding: sizes.pagePadding },
})

/** What stays around every page. */
export function Shell() {
  const styles = useStyles()
  const { t } = useTranslation()
  const { pathname } = useLocation()
  useKeptFocus()
  return (
    <div className={styles.root}>
      <Link
        className={styles.skip}
        href="#main"
        onClick={(event) => {
          event.preventDefault()
          document.getElementById('main')?.focus()
        }}
      >
        {t('navigation.skip')}
      </Link>
      <div className={styles.middle}>
        <Navigation />
        <main id="main" tabIndex={-1} className={styles.main}>
          <ErrorBoundary
            resetKey={pathname}
            fallback={(error, again) => (
              <Page heading={t('pageBroken.heading')}>
                <ProblemBar
                  problem={problemOf(error)}
                  actions={<Button onClick={again}>{t('pageBroken.action')}</Button>}
                />
              </Page>
            )}
          >
            <Suspense
              fallback={
                <div className={styles.waiting}>
                  <SkeletonLines lines={4} height={28} />
                </div>
              }
            >
              <Outlet />
            </Suspense>
          </ErrorBoundary>
        </main>
      </div>
      <OperationStrip />
      <EndedOperations />
      <EndedFlowRuns />
      <EndedBatches />
      <ClosingDialog />
      <Shortcuts />
    </div>
  )
}
