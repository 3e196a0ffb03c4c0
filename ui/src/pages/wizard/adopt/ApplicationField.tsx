import { Field, Radio, RadioGroup } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { type WizardDraft, wizardDraft } from '../draft'
import { idOf } from '../fields'

/** Whether a container is made, or one that is there becomes a runtime. */
export function ApplicationField({ application }: { application: WizardDraft['application'] }) {
  const { t } = useTranslation('adopt')
  return (
    <Field label={t('application')} hint={t(application === 'new' ? 'newHint' : 'existingHint')}>
      <RadioGroup
        value={application}
        onChange={(_, { value }) =>
          wizardDraft.chooseApplication(value === 'existing' ? 'existing' : 'new')
        }
      >
        <Radio value="new" id={idOf('application.new')} label={t('new')} />
        <Radio value="existing" id={idOf('application.existing')} label={t('existing')} />
      </RadioGroup>
    </Field>
  )
}
