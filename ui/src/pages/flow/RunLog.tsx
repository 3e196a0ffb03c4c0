import { makeStyles } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { EmptyState } from '../../components/EmptyState'
import { LogView } from '../../components/log/LogView'
import { useFlowPage } from './page'

const useStyles = makeStyles({
  log: { display: 'flex', flexDirection: 'column', height: 'clamp(420px, 70vh, 800px)' },
})

/** What the run that is shown wrote, as it comes. */
export function RunLog() {
  const styles = useStyles()
  const { t } = useTranslation('flowRun')
  const { run, view } = useFlowPage()
  if (!run) return <EmptyState title={t('empty.title')}>{t('log.none')}</EmptyState>
  return (
    <div className={styles.log}>
      <LogView
        key={run.id}
        label={t('log.label', { name: view.name })}
        of={{ kind: 'flowRun', run: run.id }}
        emptyBody={t('log.emptyBody')}
        folder={view.folder}
      />
    </div>
  )
}
