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
import { wizardDraft } from './draft'
import { idOf } from './fields'
import { isLoopback, type WizardForm } from './form'
import { useStepStyles } from './stepStyles'
import type { FieldProblems } from './useDraftCheck'

const LOOPBACK = '127.0.0.1'
const EVERY_NETWORK = '0.0.0.0'

/** Port and address that the runtime is published on. */
export function AccessFields({ form, problems }: { form: WizardForm; problems: FieldProblems }) {
  const styles = useStepStyles()
  const { t } = useTranslation('wizard')
  const portProblem = problems.get('hostPort')
  const addressProblem = problems.get('bindAddress')
  const exposureProblem = problems.get('confirmedExposure')
  const exposed = form.bindAddress.trim() !== '' && !isLoopback(form.bindAddress)
  const choose = (bindAddress: string) =>
    wizardDraft.type('bindAddress', { bindAddress, confirmedExposure: false })
  return (
    <fieldset className={styles.group}>
      <legend className={styles.legend}>{t('settings.access')}</legend>
      <div className={styles.pair}>
        <Field
          label={t('settings.hostPort')}
          hint={t('settings.hostPortHint')}
          {...(portProblem ? { validationMessage: portProblem } : {})}
        >
          <Input
            id={idOf('hostPort')}
            inputMode="numeric"
            value={form.hostPort}
            autoComplete="off"
            onChange={(_, { value }) => wizardDraft.type('hostPort', { hostPort: value })}
          />
        </Field>
        <Field
          label={t('settings.bindAddress')}
          hint={t('settings.bindAddressHint')}
          {...(addressProblem && !exposureProblem ? { validationMessage: addressProblem } : {})}
        >
          <Combobox
            id={idOf('bindAddress')}
            freeform
            value={form.bindAddress}
            selectedOptions={[form.bindAddress]}
            onChange={(event) => choose(event.target.value)}
            onOptionSelect={(_, { optionValue }) => {
              if (optionValue) choose(optionValue)
            }}
          >
            <Option value={LOOPBACK} text={LOOPBACK}>
              {t('settings.loopback')}
            </Option>
            <Option value={EVERY_NETWORK} text={EVERY_NETWORK}>
              {t('settings.everyNetwork')}
            </Option>
          </Combobox>
        </Field>
      </div>
      {exposed ? (
        <MessageBar intent="warning" layout="multiline" role="group">
          <MessageBarBody>
            <MessageBarTitle>{t('settings.exposedTitle')}</MessageBarTitle>
            <div>{t('settings.exposedBody')}</div>
            <Field {...(exposureProblem ? { validationMessage: exposureProblem } : {})}>
              <Checkbox
                id={idOf('confirmedExposure')}
                label={t('settings.confirmExposure')}
                checked={form.confirmedExposure}
                onChange={(_, { checked }) =>
                  wizardDraft.type('confirmedExposure', { confirmedExposure: checked === true })
                }
              />
            </Field>
          </MessageBarBody>
        </MessageBar>
      ) : null}
    </fieldset>
  )
}
