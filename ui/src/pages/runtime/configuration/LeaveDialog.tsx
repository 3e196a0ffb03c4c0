import { Text } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { useBlocker } from 'react-router'
import { ConfirmDialog } from '../ConfirmDialog'

/** Asks before what was typed is lost by going to another tab or page. */
export function LeaveDialog({ unsaved }: { unsaved: boolean }) {
  const { t } = useTranslation('configuration')
  const blocker = useBlocker(({ currentLocation, nextLocation }) => {
    const tab = (search: string) => new URLSearchParams(search).get('tab')
    return (
      unsaved &&
      (currentLocation.pathname !== nextLocation.pathname ||
        tab(currentLocation.search) !== tab(nextLocation.search))
    )
  })
  if (blocker.state !== 'blocked') return null
  return (
    <ConfirmDialog
      title={t('leave.title')}
      confirm={t('leave.leave')}
      cancel={t('leave.stay')}
      pending={false}
      problem={null}
      onConfirm={() => blocker.proceed()}
      onClose={() => blocker.reset()}
    >
      <Text>{t('leave.body')}</Text>
    </ConfirmDialog>
  )
}
