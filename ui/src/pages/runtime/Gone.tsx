import { Button } from '@fluentui/react-components'
import { BoxMultipleRegular } from '@fluentui/react-icons'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import { EmptyState } from '../../components/EmptyState'
import { SkeletonLines } from '../../components/Late'
import { Page } from '../../components/Page'
import type { Mending } from '../../problems/remedies'
import { DiagnosisView } from './diagnostics/Diagnostics'
import { MendDialog } from './diagnostics/MendDialog'
import { useDiagnosis } from './diagnostics/useDiagnosis'

/** The page of a runtime whose container is not there: what is known of it, and making it again. */
export function Gone({ id }: { id: string }) {
  const { t } = useTranslation('runtime')
  const navigate = useNavigate()
  const state = useDiagnosis({ id, operation: null })
  const [mending, setMending] = useState<Mending | null>(null)
  return (
    <Page heading={t('gone.heading')} back={{ label: t('back'), to: paths.runtimes }}>
      {state.diagnosis ? (
        <DiagnosisView id={id} state={state} told={null} remedies={{ recreate: setMending }} />
      ) : state.problem ? (
        <EmptyState
          icon={<BoxMultipleRegular />}
          title={t('gone.title')}
          action={<Button onClick={() => navigate(paths.runtimes)}>{t('gone.action')}</Button>}
        >
          {t('gone.body')}
        </EmptyState>
      ) : (
        <SkeletonLines lines={6} height={28} />
      )}
      {mending ? (
        <MendDialog runtime={id} remedy={mending} onClose={() => setMending(null)} />
      ) : null}
    </Page>
  )
}
