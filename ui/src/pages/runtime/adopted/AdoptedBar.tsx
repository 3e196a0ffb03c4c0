import {
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
  tokens,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { Moment } from '../../../components/Moment'

const useStyles = makeStyles({
  bar: { paddingBlock: tokens.spacingVerticalS },
})

/** What it means that a runtime is only adopted, and since when it has been. */
export function AdoptedBar({ since }: { since: string }) {
  const styles = useStyles()
  const { t } = useTranslation('adopt')
  return (
    <MessageBar intent="info" layout="multiline" role="group" className={styles.bar}>
      <MessageBarBody>
        <MessageBarTitle>
          {t('bar.title')} <Moment time={since} />
        </MessageBarTitle>{' '}
        {t('bar.body')} {t('bar.replaced')}
      </MessageBarBody>
    </MessageBar>
  )
}
