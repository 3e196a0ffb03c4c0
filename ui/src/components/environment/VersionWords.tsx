import { Badge, makeStyles, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { VersionFacts } from '../../backend/types'
import { formatBytes } from '../../format'

const useStyles = makeStyles({
  row: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalS,
    rowGap: tokens.spacingVerticalXXS,
  },
  quiet: { color: tokens.colorNeutralForeground2 },
})

/** What is known of a version; that nothing is known is said. */
export function VersionWords({ facts }: { facts: VersionFacts | null }) {
  const styles = useStyles()
  const { t } = useTranslation('environment')
  if (!facts) return <Text className={styles.quiet}>{t('noFacts')}</Text>
  const words = [
    facts.promptflow ? t('promptflow', { version: facts.promptflow }) : null,
    facts.tools ? t('tools', { version: facts.tools }) : null,
    facts.note,
  ].filter((word) => word !== null)
  return (
    <div className={styles.row}>
      {facts.knownBad ? (
        <Badge appearance="tint" color="danger">
          {t('knownBad')}
        </Badge>
      ) : null}
      {facts.security ? (
        <Badge appearance="tint" color="success">
          {t('security')}
        </Badge>
      ) : null}
      {words.length > 0 ? (
        <Text className={styles.quiet}>{words.join(' · ')}</Text>
      ) : facts.knownBad || facts.security ? null : (
        <Text className={styles.quiet}>{t('noFacts')}</Text>
      )}
    </div>
  )
}

/** How much there is to download, in words. */
export function useDownloadWords(): (size: number | null | undefined) => string {
  const { t } = useTranslation('environment')
  return (size) => {
    if (size === null || size === undefined) return t('sizeUnknown')
    return size === 0 ? t('nothingToDownload') : t('download', { size: formatBytes(size) })
  }
}
