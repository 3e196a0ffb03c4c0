import { makeStyles, Text } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { paths } from '../../app/paths'
import type { LogOf } from '../../backend/types'
import { LogView } from '../../components/log/LogView'
import { Page } from '../../components/Page'
import { sizes } from '../../theme'
import { FileForm } from './FileForm'

const useStyles = makeStyles({
  intro: { maxWidth: sizes.formWidth },
})

/** The logs of several runtimes, merged by time. */
function OfRuntimes({ runtimes }: { runtimes: string[] }) {
  const { t } = useTranslation('logs')
  const heading = t('ofRuntimes', { count: runtimes.length })
  const of: LogOf = { kind: 'runtimes', runtimes }
  return (
    <Page heading={heading} back={{ label: t('runtimes'), to: paths.runtimes }} fixed>
      <LogView
        key={runtimes.join(' ')}
        label={heading}
        of={of}
        emptyBody={t('runtimesEmpty')}
        commands
      />
    </Page>
  )
}

/** A log that is not a runtime's alone: a file that is dropped on the window, or several runtimes. */
export default function LogsPage() {
  const styles = useStyles()
  const { t } = useTranslation('logs')
  const [search] = useSearchParams()
  const file = search.get('file')
  const runtimes = search.getAll('runtime')
  if (runtimes.length > 0) return <OfRuntimes runtimes={runtimes} />
  const name = file?.split(/[/\\]/).findLast((part) => part !== '') ?? ''
  return (
    <Page
      heading={t('heading')}
      back={{ label: t('back'), to: paths.activity }}
      fixed={file !== null}
    >
      {file === null ? <Text className={styles.intro}>{t('intro')}</Text> : null}
      <FileForm file={file} />
      {file === null ? null : (
        <LogView
          key={file}
          label={t('label', { name })}
          of={{ kind: 'file', path: file }}
          emptyBody={t('emptyBody')}
        />
      )}
    </Page>
  )
}
