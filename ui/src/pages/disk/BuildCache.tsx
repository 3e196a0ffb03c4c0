import { Checkbox, makeStyles, Text, tokens } from '@fluentui/react-components'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import type { CacheDisk } from '../../backend/types'
import { formatBytes } from '../../format'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalXXS,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}`,
    borderRadius: tokens.borderRadiusMedium,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
  },
  head: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'baseline',
    columnGap: tokens.spacingHorizontalM,
  },
  heading: {
    margin: 0,
    fontFamily: tokens.fontFamilyBase,
    fontSize: tokens.fontSizeBase300,
    lineHeight: tokens.lineHeightBase300,
    fontWeight: tokens.fontWeightSemibold,
  },
  size: { fontVariantNumeric: 'tabular-nums', userSelect: 'text' },
  quiet: { color: tokens.colorNeutralForeground3 },
  // In line with the text above it.
  choice: { marginInlineStart: `calc(-1 * ${tokens.spacingHorizontalS})` },
})

/** What the builder keeps of earlier builds, whoever made them, and the choice to clean it. */
export function BuildCache({
  cache,
  chosen,
  alone,
  onChoose,
}: {
  cache: CacheDisk
  chosen: boolean
  /** There is no image that could go with it. */
  alone: boolean
  onChoose: (chosen: boolean) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('disk')
  const id = useId()
  const { size, unused } = cache
  const why =
    unused === 0
      ? t(size === 0 ? 'cache.empty' : 'cache.inUse')
      : unused < size
        ? t('cache.partly', { size: formatBytes(unused) })
        : null
  return (
    <section className={styles.root} aria-labelledby={`${id}-heading`}>
      <div className={styles.head}>
        <h2 id={`${id}-heading`} className={styles.heading}>
          {t('cache.heading')}
        </h2>
        <Text className={styles.size}>{formatBytes(size)}</Text>
      </div>
      <div id={`${id}-about`}>
        <Text size={200} block className={styles.quiet}>
          {t('cache.body')}
        </Text>
        {why ? (
          <Text size={200} block>
            {why}
          </Text>
        ) : null}
      </div>
      <Checkbox
        className={styles.choice}
        label={t(alone ? 'cache.chooseAlone' : 'cache.choose')}
        aria-describedby={`${id}-about`}
        disabled={unused === 0}
        checked={chosen}
        onChange={(_, { checked }) => onChoose(checked === true)}
      />
    </section>
  )
}
