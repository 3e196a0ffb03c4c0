import {
  Button,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
} from '@fluentui/react-components'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { LockHolder, Runtime } from '../../backend/types'
import { ConfirmDialog } from '../../components/decision/ConfirmDialog'
import { formatExact } from '../../format'
import { useAction } from '../../state'

/** Another installation works on this runtime: who, since when, and *Take over*. */
export function LockBar({ runtime, lock }: { runtime: Runtime; lock: LockHolder }) {
  const { t } = useTranslation('runtime')
  const [asking, setAsking] = useState(false)
  const takeOver = useAction('take_over')
  const { who, since } = lock
  return (
    <>
      <MessageBar intent="warning" layout="multiline">
        <MessageBarBody>
          <MessageBarTitle>{t('lock.title', { who })}</MessageBarTitle>
          {since === null ? null : `${t('lock.since', { time: formatExact(since) })} `}
          {t('lock.body')}
        </MessageBarBody>
        <MessageBarActions>
          <Button onClick={() => setAsking(true)}>{t('lock.takeOver')}</Button>
        </MessageBarActions>
      </MessageBar>
      {asking ? (
        <ConfirmDialog
          title={t('lock.dialogTitle', { name: runtime.name })}
          confirm={t('lock.confirm')}
          pending={takeOver.isPending}
          problem={takeOver.error?.problem ?? null}
          onConfirm={() =>
            takeOver.mutate({ runtime: runtime.id }, { onSuccess: () => setAsking(false) })
          }
          onClose={() => setAsking(false)}
        >
          <p>{t('lock.dialogBody', { who })}</p>
        </ConfirmDialog>
      ) : null}
    </>
  )
}
