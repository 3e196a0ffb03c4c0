import { makeStyles, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { paths } from '../../app/paths'
import type { BuildSecretView, EnvironmentId } from '../../backend/types'
import { GoLink } from '../../components/GoLink'
import { ToneMark } from '../../components/StatusBadge'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'baseline',
    columnGap: tokens.spacingHorizontalS,
  },
  heard: {
    position: 'absolute',
    width: '1px',
    height: '1px',
    overflow: 'hidden',
    clipPath: 'inset(50%)',
  },
})

/** Whether the keyring has the value of a secret, and the way to enter one that is missing. */
export function SecretState({
  environment,
  secret,
  what,
  shown = false,
}: {
  environment: EnvironmentId
  secret: BuildSecretView
  /** What the value is of. */
  what: string
  /** Stands before the state; else a label says it already. */
  shown?: boolean
}) {
  const styles = useStyles()
  const { t } = useTranslation('environmentDetail')
  return (
    <div className={styles.root}>
      {shown ? <span>{what}</span> : null}
      {secret.kept ? (
        <ToneMark tone="good">{t('overview.secretKept')}</ToneMark>
      ) : (
        <>
          <ToneMark tone="warning">{t('overview.secretMissing')}</ToneMark>
          <GoLink to={paths.editEnvironment(environment, secret.id)}>
            {t('overview.enter')}
            <span className={styles.heard}>{`: ${what}`}</span>
          </GoLink>
        </>
      )}
    </div>
  )
}
