import { useTranslation } from 'react-i18next'
import type { EnvironmentView } from '../../backend/types'
import { ToneMark } from '../../components/StatusBadge'
import { toneOfState, useEnvironmentState } from './state'

/** An environment's state: colour, shape and word. */
export function StateBadge({ environment }: { environment: EnvironmentView }) {
  const { t } = useTranslation('environments')
  const state = useEnvironmentState(environment)
  return <ToneMark tone={toneOfState[state]}>{t(`state.${state}`)}</ToneMark>
}
