import {
  Button,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
  Text,
  tokens,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { KeyringState, KeyringView } from '../../backend/types'
import { ProblemBar } from '../../components/ProblemBar'
import { ToneMark } from '../../components/StatusBadge'
import { useAction } from '../../state'
import type { Tone } from '../../theme'

const useStyles = makeStyles({
  good: { display: 'flex', flexWrap: 'wrap', columnGap: tokens.spacingHorizontalM },
  words: { color: tokens.colorNeutralForeground2 },
})

/** How each state looks. */
const tones: Record<KeyringState, Tone> = {
  available: 'good',
  locked: 'warning',
  missing: 'warning',
  hanging: 'warning',
}

/** Whether passwords can be kept, in words; without a keyring, the question whether memory will do. */
export function Keyring({ keyring }: { keyring: KeyringView }) {
  const styles = useStyles()
  const { t } = useTranslation('connections')
  const allow = useAction('allow_memory_secrets')
  const { state, sentence, hint, memoryAllowed } = keyring
  const asks = state === 'missing' && !memoryAllowed
  if (tones[state] === 'good') {
    return (
      <div className={styles.good}>
        <ToneMark tone={tones[state]}>{t(`keyring.${state}`)}</ToneMark>
        <Text className={styles.words}>{sentence}</Text>
      </div>
    )
  }
  return (
    <>
      <MessageBar intent="warning" layout="multiline" role="group">
        <MessageBarBody>
          <MessageBarTitle>{t(`keyring.${state}`)}</MessageBarTitle>
          <div>{sentence}</div>
          {hint ? <div>{hint}</div> : null}
          {asks ? <div>{t('memoryQuestion')}</div> : null}
          {memoryAllowed ? <div>{t('memoryAllowed')}</div> : null}
        </MessageBarBody>
        {asks ? (
          <MessageBarActions>
            <Button
              onClick={() => {
                if (!allow.isPending) allow.mutate({})
              }}
            >
              {t('allowMemory')}
            </Button>
          </MessageBarActions>
        ) : null}
      </MessageBar>
      {allow.error ? <ProblemBar problem={allow.error.problem} /> : null}
    </>
  )
}
