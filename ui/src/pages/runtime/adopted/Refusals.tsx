import { makeStyles, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { Problem } from '../../../backend/types'
import { CommandLine } from '../../../components/CommandLine'
import { Block } from '../../../components/decision/Block'
import { withCommand } from './command'

const useStyles = makeStyles({
  one: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalXS,
    overflowWrap: 'anywhere',
  },
  quiet: { color: tokens.colorNeutralForeground2 },
})

/** Why a container cannot be replaced, and what can be done instead. */
export function Refusals({ refusals }: { refusals: Problem[] }) {
  const styles = useStyles()
  const { t } = useTranslation('adopt')
  if (refusals.length === 0) return null
  return (
    <Block heading={t('manage.refused')}>
      {refusals.map(({ sentence, hints }) => (
        <div key={sentence} className={styles.one}>
          <Text>{sentence}</Text>
          {hints.map(withCommand).map(({ words, command }) => (
            <div key={words} className={styles.one}>
              <Text className={styles.quiet}>{words}</Text>
              {command ? <CommandLine command={command} name={t('manage.command')} /> : null}
            </div>
          ))}
        </div>
      ))}
    </Block>
  )
}
