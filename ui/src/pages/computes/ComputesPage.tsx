import { makeStyles, Text, tokens } from '@fluentui/react-components'
import { DesktopRegular } from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import { paths } from '../../app/paths'
import { EmptyState } from '../../components/EmptyState'
import { GoLink } from '../../components/GoLink'
import { SkeletonLines } from '../../components/Late'
import { Page } from '../../components/Page'
import { useComputes, useConnection } from '../../state'
import { sizes } from '../../theme'
import { ComputeCard } from './ComputeCard'

const useStyles = makeStyles({
  list: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalL,
    maxWidth: sizes.readingWidth,
  },
  purpose: { color: tokens.colorNeutralForeground2 },
})

/** The engines that were found, whether each can host runtimes, and why not. */
export default function ComputesPage() {
  const styles = useStyles()
  const { t } = useTranslation('computes')
  const computes = useComputes()
  const connecting = useConnection().kind === 'connecting'
  return (
    <Page heading={t('heading')}>
      <div className={styles.list}>
        <Text className={styles.purpose}>{t('purpose')}</Text>
        {computes.length === 0 && connecting ? <SkeletonLines lines={6} height={28} /> : null}
        {computes.length === 0 && !connecting ? (
          <EmptyState
            icon={<DesktopRegular />}
            title={t('empty')}
            action={<GoLink to={paths.runtimes}>{t('toFirstRun')}</GoLink>}
          >
            {t('emptyBody')}
          </EmptyState>
        ) : null}
        {computes.map((compute) => (
          <ComputeCard key={compute.id} compute={compute} />
        ))}
      </div>
    </Page>
  )
}
