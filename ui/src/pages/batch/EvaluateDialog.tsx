import { Dropdown, Field, Option, Text } from '@fluentui/react-components'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import type { Batch } from '../../backend/types'
import { ConfirmDialog } from '../../components/decision/ConfirmDialog'
import { useAsk } from '../../state'

/** Chooses the flow that takes what a batch run gave. */
export function EvaluateDialog({ batch, onClose }: { batch: Batch; onClose: () => void }) {
  const { t } = useTranslation('batch')
  const navigate = useNavigate()
  const id = useId()
  const { data, error } = useAsk('list_flows', {})
  const [flow, setFlow] = useState<string | null>(null)
  const [tried, setTried] = useState(false)
  const flows = (data?.flows ?? []).filter((one) => one.there && one.flow !== batch.flow)
  const chosen = flows.find((one) => one.flow === flow)
  return (
    <ConfirmDialog
      title={t('evaluate.title', { name: batch.name })}
      confirm={t('evaluate.next')}
      pending={false}
      problem={error?.problem ?? null}
      onConfirm={() => {
        if (chosen) navigate(paths.newBatch(chosen.flow, { other: batch.id }))
        else setTried(true)
      }}
      onClose={onClose}
    >
      <Text block>{t('evaluate.body')}</Text>
      {data && flows.length === 0 ? (
        <Text block>{t('evaluate.none')}</Text>
      ) : (
        <Field
          label={t('evaluate.flow')}
          {...(tried && !chosen ? { validationMessage: t('evaluate.chooseMissing') } : {})}
        >
          <Dropdown
            id={id}
            placeholder={t('evaluate.choose')}
            value={chosen?.name ?? ''}
            selectedOptions={chosen ? [chosen.flow] : []}
            onOptionSelect={(_, { optionValue }) => setFlow(optionValue ?? null)}
          >
            {flows.map((one) => (
              <Option key={one.flow} value={one.flow} text={one.name}>
                {one.name}
              </Option>
            ))}
          </Dropdown>
        </Field>
      )}
    </ConfirmDialog>
  )
}
