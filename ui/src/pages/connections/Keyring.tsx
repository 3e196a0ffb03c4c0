import {
  Button,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { KeyringState, KeyringView } from '../../backend/types'
import { ProblemBar } from '../../components/ProblemBar'
import { useAction } from '../../state'

/** How each state looks. */
const intents: Record<KeyringState, 'success' | 'warning'> = {
  available: 'success',
  locked: 'warning',
  missing: 'warning',
  hanging: 'warning',
}

/** Whether passwords can be kept, in words; without a keyring, the question whether memory will do. */
export function Keyring({ keyring }: { keyring: KeyringView }) {
  const { t } = useTranslation('connections')
  const allow = useAction('allow_memory_secrets')
  const { state, sentence, hint, memoryAllowed } = keyring
  const asks = state === 'missing' && !memoryAllowed
  return (
    <>
      <MessageBar intent={intents[state]} layout="multiline" role="group">
        <MessageBarBody>
          <MessageBarTitle>{t(`keyring.${state}`)}</MessageBarTitle>
          <div>{sentence}</div>
          {hint ? <div>{hint}</div> : null}
          {asks ? <div>{t('memoryQuestion')}</div> : null}
          {state !== 'available' && memoryAllowed ? <div>{t('memoryAllowed')}</div> : null}
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
