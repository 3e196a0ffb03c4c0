import { makeStyles, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { paths } from '../../app/paths'
import type { NotAmong } from '../../backend/types'
import { PassedOverList } from '../../components/environment/PassedOverList'
import { GoLink } from '../../components/GoLink'

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalS },
  heading: { margin: 0, fontSize: tokens.fontSizeBase300, fontWeight: tokens.fontWeightSemibold },
  list: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalS,
    margin: 0,
    padding: 0,
    listStyleType: 'none',
    overflowWrap: 'anywhere',
  },
  quiet: { color: tokens.colorNeutralForeground2 },
})

function Why({ because }: { because: NotAmong['because'] }) {
  const styles = useStyles()
  const { t } = useTranslation('updateAll')
  if (because.kind !== 'upToDate') {
    return <Text block>{because.because.sentence}</Text>
  }
  if (because.passedOver.length === 0) {
    return (
      <Text block className={styles.quiet}>
        {t('why.upToDate')}
      </Text>
    )
  }
  return (
    <>
      <Text block>{t('why.upToDatePassedOver')}</Text>
      <PassedOverList passedOver={because.passedOver} />
    </>
  )
}

/** Runtimes that are not to be updated, each with its reason. */
export function Others({ others }: { others: readonly NotAmong[] }) {
  const styles = useStyles()
  const { t } = useTranslation('updateAll')
  if (others.length === 0) return null
  return (
    <section className={styles.root} aria-labelledby="not-among">
      <h2 id="not-among" className={styles.heading}>
        {t('others', { count: others.length })}
      </h2>
      <ul className={styles.list}>
        {others.map(({ runtime, name, computeName, because }) => (
          <li key={runtime}>
            <GoLink to={paths.runtime(runtime)}>{name}</GoLink>{' '}
            <Text className={styles.quiet}>{t('on', { compute: computeName })}</Text>
            <Why because={because} />
          </li>
        ))}
      </ul>
    </section>
  )
}
