import { Button, makeStyles, Text, Toolbar, tokens } from '@fluentui/react-components'
import { ArrowBidirectionalLeftRight20Regular, Delete20Regular } from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import type { Batch } from '../../backend/types'
import { isOver } from './states'

/** No more fit beside each other. */
export const MOST_COMPARED = 6

const useStyles = makeStyles({
  bar: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalS,
    padding: 0,
    minHeight: '32px',
  },
  quiet: { color: tokens.colorNeutralForeground2 },
})

/** What can be done with the batch runs that are chosen; nothing while none is. */
export function ChosenBar({
  chosen,
  onDelete,
}: {
  chosen: readonly Batch[]
  onDelete: (batches: readonly Batch[]) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('batches')
  const navigate = useNavigate()
  if (chosen.length === 0) return null
  const fit = chosen.length >= 2 && chosen.length <= MOST_COMPARED
  // The oldest is what the others are compared with.
  const inOrder = [...chosen].sort((one, other) => one.started.localeCompare(other.started))
  const deletable = chosen.every((batch) => isOver(batch) || batch.state === 'paused')
  return (
    <Toolbar size="small" className={styles.bar} aria-label={t('chosen', { count: chosen.length })}>
      <Text>{t('chosen', { count: chosen.length })}</Text>
      <Button
        size="small"
        icon={<ArrowBidirectionalLeftRight20Regular />}
        disabledFocusable={!fit}
        onClick={() => {
          if (fit) navigate(paths.compareBatches(inOrder.map(({ id }) => id)))
        }}
      >
        {t('compare')}
      </Button>
      {deletable ? (
        <Button
          size="small"
          appearance="subtle"
          icon={<Delete20Regular />}
          onClick={() => onDelete(chosen)}
        >
          {t('delete')}
        </Button>
      ) : null}
      {fit ? null : <Text className={styles.quiet}>{t('compareWhy')}</Text>}
    </Toolbar>
  )
}
