import { Dropdown, Field, Option } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { RestartPolicy } from '../../backend/types'
import { useFieldStyles } from './fieldStyles'
import type { FieldsProps } from './settingsForm'

/** Every policy, the proposed one first. */
const policies: Record<RestartPolicy, true> = {
  'unless-stopped': true,
  always: true,
  'on-failure': true,
  no: true,
}

/** When the engine starts the runtime again by itself. */
export function RestartField({ form, idOf, onChange }: FieldsProps) {
  const styles = useFieldStyles()
  const { t } = useTranslation('fields')
  return (
    <fieldset className={styles.group}>
      <legend className={styles.legend}>{t('restart')}</legend>
      <div className={styles.pair}>
        <Field label={t('restartPolicy')}>
          <Dropdown
            id={idOf('restartPolicy')}
            value={t(`policy.${form.restartPolicy}`)}
            selectedOptions={[form.restartPolicy]}
            onOptionSelect={(_, { optionValue }) => {
              if (optionValue && optionValue in policies) {
                onChange('restartPolicy', { restartPolicy: optionValue as RestartPolicy })
              }
            }}
          >
            {(Object.keys(policies) as RestartPolicy[]).map((policy) => (
              <Option key={policy} value={policy}>
                {t(`policy.${policy}`)}
              </Option>
            ))}
          </Dropdown>
        </Field>
      </div>
    </fieldset>
  )
}
