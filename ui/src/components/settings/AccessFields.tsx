import {
  Checkbox,
  Combobox,
  Field,
  Input,
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  Option,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { useFieldStyles } from './fieldStyles'
import { type FieldsProps, isLoopback } from './settingsForm'

const LOOPBACK = '127.0.0.1'
const EVERY_NETWORK = '0.0.0.0'

/** Port and address that the runtime is published on. */
export function AccessFields({
  form,
  problems,
  idOf,
  onChange,
  boundTo = null,
}: FieldsProps & {
  /** The address that it is published on already; it needs no confirmation. */
  boundTo?: string | null
}) {
  const styles = useFieldStyles()
  const { t } = useTranslation('fields')
  const portProblem = problems.get('hostPort')
  const addressProblem = problems.get('bindAddress')
  const exposureProblem = problems.get('confirmedExposure')
  const exposed =
    form.bindAddress.trim() !== '' &&
    !isLoopback(form.bindAddress) &&
    form.bindAddress.trim() !== boundTo
  const choose = (bindAddress: string) =>
    onChange('bindAddress', { bindAddress, confirmedExposure: false })
  return (
    <fieldset className={styles.group}>
      <legend className={styles.legend}>{t('access')}</legend>
      <div className={styles.pair}>
        <Field
          label={t('hostPort')}
          hint={t('hostPortHint')}
          {...(portProblem ? { validationMessage: portProblem } : {})}
        >
          <Input
            id={idOf('hostPort')}
            inputMode="numeric"
            value={form.hostPort}
            autoComplete="off"
            onChange={(_, { value }) => onChange('hostPort', { hostPort: value })}
          />
        </Field>
        <Field
          label={t('bindAddress')}
          hint={t('bindAddressHint')}
          {...(addressProblem && !exposureProblem ? { validationMessage: addressProblem } : {})}
        >
          <Combobox
            id={idOf('bindAddress')}
            className={styles.fit}
            freeform
            value={form.bindAddress}
            selectedOptions={[form.bindAddress]}
            onChange={(event) => choose(event.target.value)}
            onOptionSelect={(_, { optionValue }) => {
              if (optionValue) choose(optionValue)
            }}
          >
            <Option value={LOOPBACK} text={LOOPBACK}>
              {t('loopback')}
            </Option>
            <Option value={EVERY_NETWORK} text={EVERY_NETWORK}>
              {t('everyNetwork')}
            </Option>
          </Combobox>
        </Field>
      </div>
      {exposed ? (
        <MessageBar intent="warning" layout="multiline" role="group">
          <MessageBarBody>
            <MessageBarTitle>{t('exposedTitle')}</MessageBarTitle>
            <div>{t('exposedBody')}</div>
            <Field {...(exposureProblem ? { validationMessage: exposureProblem } : {})}>
              <Checkbox
                id={idOf('confirmedExposure')}
                label={t('confirmExposure')}
                checked={form.confirmedExposure}
                onChange={(_, { checked }) =>
                  onChange('confirmedExposure', { confirmedExposure: checked === true })
                }
              />
            </Field>
          </MessageBarBody>
        </MessageBar>
      ) : null}
    </fieldset>
  )
}
