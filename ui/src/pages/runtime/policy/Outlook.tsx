import { makeStyles, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { PolicyView } from '../../../backend/types'
import { formatClock, formatDay, formatMoment } from '../../../format'

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalXS },
  quiet: { color: tokens.colorNeutralForeground2 },
})

/** What a policy means: what happens next by itself, and when. */
export function Outlook({ view }: { view: PolicyView }) {
  const styles = useStyles()
  const { t } = useTranslation('policy')
  const { policy, looksAgain, openUntil, tooYoung, lastLook } = view
  if (policy.kind !== 'window') {
    return <Text className={styles.quiet}>{t(`outlook.${policy.kind}`)}</Text>
  }
  const sentences = [
    openUntil ? t('outlook.open', { time: formatClock(openUntil) }) : '',
    looksAgain ? t('outlook.looks', { when: formatMoment(looksAgain) }) : t('outlook.neverOpens'),
    tooYoung
      ? t('outlook.tooYoung', {
          version: tooYoung.version,
          day: formatDay(tooYoung.oldEnoughOn),
        })
      : '',
  ].filter((sentence) => sentence !== '')
  return (
    <div className={styles.root}>
      <Text>{sentences.join(' ')}</Text>
      {lastLook ? (
        <Text className={styles.quiet}>
          {t('outlook.lastLook', { when: formatMoment(lastLook.at), sentence: lastLook.sentence })}
        </Text>
      ) : null}
      <Text className={styles.quiet}>{t('outlook.onlyWhileOpen')}</Text>
    </div>
  )
}
