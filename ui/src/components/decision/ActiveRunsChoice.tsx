import { Radio, RadioGroup, Text } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { ActiveRuns } from '../../backend/types'
import { Block } from './Block'

/** What is known of active runs, and what becomes of them. */
export function ActiveRunsChoice({
  activeRuns,
  cancelRuns,
  onChange,
}: {
  activeRuns: ActiveRuns
  cancelRuns: boolean
  onChange: (cancelRuns: boolean) => void
}) {
  const { t } = useTranslation('decision')
  const unknown = activeRuns.kind === 'unknown'
  if (!unknown && activeRuns.count === 0) {
    return (
      <Block heading={t('activeRuns')}>
        <Text>{t('noRuns')}</Text>
      </Block>
    )
  }
  return (
    <Block heading={t('activeRuns')}>
      <Text>{unknown ? t('runsUnknown') : t('runs', { count: activeRuns.count })}</Text>
      <RadioGroup
        aria-label={t('activeRuns')}
        value={cancelRuns ? 'cancel' : 'wait'}
        onChange={(_, { value }) => onChange(value === 'cancel')}
      >
        <Radio value="wait" label={t(unknown ? 'waitForRunsUnknown' : 'waitForRuns')} />
        <Radio value="cancel" label={t(unknown ? 'cancelRunsUnknown' : 'cancelRuns')} />
      </RadioGroup>
    </Block>
  )
}
