import { Badge, makeStyles, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { ForeignContainer } from '../../../backend/types'
import { ToneMark } from '../../../components/StatusBadge'
import { toneOfVerdict, useVerdictWords } from './verdict'

// Spans throughout: for a container that can be chosen this stands in the label of its radio.
const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalXXS,
    minWidth: 0,
    overflowWrap: 'anywhere',
    // The label of a radio that is not chosen is paler.
    color: tokens.colorNeutralForeground1,
  },
  head: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalM,
  },
  quiet: { color: tokens.colorNeutralForeground3 },
  mark: {
    display: 'flex',
    alignItems: 'baseline',
    columnGap: tokens.spacingHorizontalS,
    color: tokens.colorNeutralForeground2,
  },
  badge: { flexShrink: 0 },
})

/** A container that somebody else made: what it is, whether it can be used, and whose it is. */
export function ContainerFacts({ container, id }: { container: ForeignContainer; id: string }) {
  const styles = useStyles()
  const { t } = useTranslation('adopt')
  const words = useVerdictWords()
  const { name, image, ports, verdict, compose, autoRemove } = container
  return (
    <span className={styles.root}>
      <span className={styles.head}>
        <Text weight="semibold">{name}</Text>
        <ToneMark tone={toneOfVerdict[verdict.kind]}>{t(`verdict.${verdict.kind}`)}</ToneMark>
      </span>
      <span id={id} className={styles.root}>
        <Text>{words(verdict)}</Text>
        <Text size={200} className={styles.quiet}>
          {[
            t('list.image', { image }),
            ports.length > 0 ? t('list.ports', { ports: ports.join(', ') }) : t('list.noPorts'),
          ].join(' · ')}
        </Text>
        {compose ? (
          <span className={styles.mark}>
            <Badge appearance="tint" color="informative" className={styles.badge}>
              {t('compose')}
            </Badge>
            <Text size={200}>
              {t('composeBody', { service: compose.service, project: compose.project })}
            </Text>
          </span>
        ) : null}
        {autoRemove ? (
          <span className={styles.mark}>
            <Badge appearance="tint" color="warning" className={styles.badge}>
              {t('autoRemove')}
            </Badge>
            <Text size={200}>{t('autoRemoveBody')}</Text>
          </span>
        ) : null}
      </span>
    </span>
  )
}
