import { Button, makeStyles } from '@fluentui/react-components'
import { BoxMultipleArrowRightRegular } from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import type { Runtime } from '../../../backend/types'
import { EmptyState } from '../../../components/EmptyState'
import { SkeletonLines } from '../../../components/Late'
import { ProblemBar } from '../../../components/ProblemBar'
import { PackageSearch } from '../../../components/packages/PackageSearch'
import { useAsk } from '../../../state'
import { ByHandBar } from './ByHandBar'
import { useByHand } from './byHand'
import { InstallDialog } from './InstallDialog'

const useStyles = makeStyles({
  install: { alignSelf: 'flex-start', flexShrink: 0 },
})

function List({ runtime, onInstall }: { runtime: Runtime; onInstall: () => void }) {
  const styles = useStyles()
  const { t } = useTranslation('runtime')
  const running = runtime.started !== null
  const list = useAsk('runtime_packages', { runtime: runtime.id }, { enabled: running })
  const byHand = useByHand(runtime)
  if (!running) {
    return <EmptyState title={t('packages.down')}>{t('packages.downBody')}</EmptyState>
  }
  if (list.error?.problem.code === 'noService') {
    return <EmptyState title={t('packages.none')}>{list.error.problem.sentence}</EmptyState>
  }
  if (list.error) {
    return <ProblemBar problem={list.error.problem} onRetry={() => list.refetch()} />
  }
  if (!list.data) return <SkeletonLines lines={10} />
  const free = runtime.operation === null && runtime.lock === null
  return (
    <>
      {byHand ? <ByHandBar runtime={runtime} packages={byHand} /> : null}
      {free ? (
        <Button
          className={styles.install}
          icon={<BoxMultipleArrowRightRegular />}
          onClick={onInstall}
        >
          {t('packages.install')}
        </Button>
      ) : null}
      <PackageSearch packages={list.data.packages}>
        {t('packages.python', { python: list.data.python })}
      </PackageSearch>
    </>
  )
}

/** What is installed inside, read from the running container, and more that is installed into it. */
export function Packages({
  runtime,
  installing,
  onInstalling,
}: {
  runtime: Runtime
  /** The dialog to install is open. */
  installing: boolean
  onInstalling: (open: boolean) => void
}) {
  return (
    <>
      <List runtime={runtime} onInstall={() => onInstalling(true)} />
      {installing ? <InstallDialog runtime={runtime} onClose={() => onInstalling(false)} /> : null}
    </>
  )
}
