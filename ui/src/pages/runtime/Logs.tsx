import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { LogOf, Runtime } from '../../backend/types'
import { LogView } from '../../components/log/LogView'
import { useRuntimeActions } from './useRuntimeActions'

/** The log of the runtime's container, also of one that starts again meanwhile. */
export function Logs({ runtime }: { runtime: Runtime }) {
  const { t } = useTranslation('runtime')
  const { remediesOf } = useRuntimeActions()
  const { id, name } = runtime
  const of = useMemo<LogOf>(() => ({ kind: 'runtimes', runtimes: [id] }), [id])
  return (
    <LogView
      label={t('logs.label', { name })}
      of={of}
      emptyBody={t('logs.emptyBody')}
      commands
      remedies={remediesOf(runtime)}
    />
  )
}
