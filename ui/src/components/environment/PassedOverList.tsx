import { makeStyles, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { PassedOver } from '../../backend/types'

const useStyles = makeStyles({
  list: {
    margin: 0,
    paddingInlineStart: tokens.spacingHorizontalL,
    overflowWrap: 'anywhere',
  },
})

/** Versions that a check passed over, each with its reason. */
export function PassedOverList({ passedOver }: { passedOver: PassedOver[] }) {
  const styles = useStyles()
  const { t } = useTranslation('environment')
  const words = ({ tag, because }: PassedOver): string => {
    switch (because.kind) {
      case 'publishedAsBad':
        return t('passedOver.publishedAsBad', { version: tag })
      case 'failedHere':
        return t('passedOver.failedHere', { version: tag, why: because.why })
      case 'notForArchitecture':
        return t('passedOver.notForArchitecture', {
          version: tag,
          architecture: because.architecture,
        })
    }
  }
  return (
    <ul className={styles.list}>
      {passedOver.map((one) => (
        <li key={one.tag}>{words(one)}</li>
      ))}
    </ul>
  )
}
