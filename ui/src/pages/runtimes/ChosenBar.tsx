import { Button, makeStyles, Text, Toolbar, tokens } from '@fluentui/react-components'
import { Dismiss16Regular, DocumentText20Regular } from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import { MOST_MERGED } from '../../components/log/LogView'

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

/** What can be done with the runtimes that are chosen; nothing while none is. */
export function ChosenBar({ chosen, onClear }: { chosen: readonly string[]; onClear: () => void }) {
  const styles = useStyles()
  const { t } = useTranslation('runtimes')
  const navigate = useNavigate()
  if (chosen.length === 0) return null
  const fit = chosen.length <= MOST_MERGED
  const words = t('chosen', { count: chosen.length })
  return (
    <Toolbar size="small" className={styles.bar} aria-label={words}>
      <Text>{words}</Text>
      <Button
        size="small"
        icon={<DocumentText20Regular />}
        disabledFocusable={!fit}
        onClick={() => fit && navigate(paths.logsOf(chosen))}
      >
        {t('logs')}
      </Button>
      <Button size="small" appearance="subtle" icon={<Dismiss16Regular />} onClick={onClear}>
        {t('chooseNone')}
      </Button>
      {fit ? null : <Text className={styles.quiet}>{t('logsWhy', { count: MOST_MERGED })}</Text>}
    </Toolbar>
  )
}
