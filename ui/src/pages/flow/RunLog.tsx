import { makeStyles } from '@fluentui/react-components'
import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import { type Follow, followFlowRun } from '../../backend'
import { EmptyState } from '../../components/EmptyState'
import { LogView } from '../../components/log/LogView'
import { useFlowPage } from './page'

const useStyles = makeStyles({
  log: { display: 'flex', flexDirection: 'column', height: '420px' },
})

/** What the run that is shown wrote, as it comes. */
export function RunLog() {
  const styles = useStyles()
  const { t } = useTranslation('flowRun')
  const { run, view } = useFlowPage()
  const id = run?.id ?? ''
  const follow: Follow = useCallback((onEvent) => followFlowRun({ run: id }, onEvent), [id])
  if (!run) return <EmptyState title={t('empty.title')}>{t('log.none')}</EmptyState>
  return (
    <div className={styles.log}>
      <LogView
        label={t('log.label', { name: view.name })}
        follow={follow}
        emptyBody={t('log.emptyBody')}
        dropped={t('log.dropped')}
      />
    </div>
  )
}
