import { Text } from '@fluentui/react-components'
import type { RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import { useBlocker } from 'react-router'
import { ConfirmDialog } from '../runtime/ConfirmDialog'

/** Asks before what was typed is lost by going to another page. */
export function LeaveDialog({
  unsaved,
  leaving,
}: {
  unsaved: boolean
  /** Everything was saved just now: the form itself goes on to the next page. */
  leaving: RefObject<boolean>
}) {
  const { t } = useTranslation('environmentForm')
  const blocker = useBlocker(
    ({ currentLocation, nextLocation }) =>
      unsaved && !leaving.current && currentLocation.pathname !== nextLocation.pathname,
  )
  if (blocker.state !== 'blocked') return null
  return (
    <ConfirmDialog
      title={t('leave.title')}
      confirm={t('leave.discard')}
      cancel={t('leave.keep')}
      pending={false}
      problem={null}
      onConfirm={() => blocker.proceed()}
      onClose={() => blocker.reset()}
    >
      <Text>{t('leave.body')}</Text>
    </ConfirmDialog>
  )
}
