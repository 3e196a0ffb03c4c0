import {
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  makeStyles,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { NodeRun } from '../../backend/types'
import { formatDuration } from '../../format'
import { PlaceButton, usePlaceWords } from './Failure'

const useStyles = makeStyles({
  bar: { minHeight: 'auto', userSelect: 'text' },
})

/** That a step takes long, and where the person's own code is. */
export function SlowBar({ node: { node, slow } }: { node: NodeRun }) {
  const styles = useStyles()
  const { t } = useTranslation('flowRun')
  const words = usePlaceWords()
  if (!slow) return null
  const sentence = t('slow.sentence', { node, time: formatDuration(slow.seconds * 1000) })
  return (
    <MessageBar
      intent="warning"
      layout="multiline"
      role="group"
      aria-label={sentence}
      className={styles.bar}
    >
      <MessageBarBody>
        <div>{sentence}</div>
        {slow.at ? <div>{t('slow.at', { place: words(slow.at) })}</div> : null}
      </MessageBarBody>
      <MessageBarActions>
        {slow.at ? <PlaceButton at={slow.at} node={node} /> : null}
      </MessageBarActions>
    </MessageBar>
  )
}
