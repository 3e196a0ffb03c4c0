import { Dropdown, Field, makeStyles, Option } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { EnvironmentView } from '../../backend/types'
import { useFieldStyles } from '../../components/settings/fieldStyles'
import { ArgumentRows } from './ArgumentRows'
import { idOf } from './form'
import { PackagesFields } from './PackagesFields'
import { SecretRows } from './SecretRows'
import { TypedField } from './TypedField'
import type { EnvironmentFormState } from './useEnvironmentForm'

/** Names no stage: `Dropdown` wants a value for *last stage*. */
const LAST = ''

const useStyles = makeStyles({
  // Fluent's own is wider than half a form.
  control: { minWidth: 0 },
})

function TargetField({ form }: { form: EnvironmentFormState }) {
  const styles = useStyles()
  const { t } = useTranslation('environmentForm')
  const { target } = form.typed
  const told = form.check.data?.stages ?? []
  // One that is not there any more can still be seen, and taken back.
  const stages = target === LAST || told.includes(target) ? told : [...told, target]
  const problem = form.problems.get('target')
  return (
    <Field
      label={t('target')}
      hint={t('targetHint')}
      {...(problem ? { validationMessage: problem } : {})}
    >
      <Dropdown
        className={styles.control}
        id={idOf('target')}
        value={target === LAST ? t('lastStage') : target}
        selectedOptions={[target]}
        onOptionSelect={(_, { optionValue }) =>
          form.type('target', { target: optionValue ?? LAST })
        }
      >
        <Option value={LAST}>{t('lastStage')}</Option>
        {stages.map((stage) => (
          <Option key={stage} value={stage}>
            {stage}
          </Option>
        ))}
      </Dropdown>
    </Field>
  )
}

/** Fields of the kind that is chosen. */
export function SourceFields({
  form,
  environment,
}: {
  form: EnvironmentFormState
  environment: EnvironmentView | null
}) {
  const styles = useFieldStyles()
  const { t } = useTranslation('environmentForm')
  switch (form.typed.kind) {
    case 'packages':
      return <PackagesFields form={form} />
    case 'buildContext': {
      const source = environment?.source
      const own = source?.kind === 'buildContext' && source.folder === ''
      return (
        <>
          <TypedField
            form={form}
            name="folder"
            folder
            label={t('folder')}
            hint={t(own ? 'folderOwnHint' : 'folderHint')}
          />
          <div className={styles.pair}>
            <TypedField
              form={form}
              name="dockerfile"
              label={t('dockerfile')}
              hint={t('dockerfileHint')}
              placeholder={t('dockerfilePlaceholder')}
            />
            <TargetField form={form} />
          </div>
          <ArgumentRows form={form} />
          <SecretRows form={form} />
        </>
      )
    }
    case 'image':
      return (
        <TypedField form={form} name="reference" label={t('reference')} hint={t('referenceHint')} />
      )
    case 'default':
      return (
        <>
          <TypedField
            form={form}
            name="repository"
            label={t('repository')}
            hint={t('repositoryHint')}
          />
          <TypedField
            form={form}
            name="version"
            label={t('version')}
            hint={t('versionHint')}
            placeholder={t('newest')}
          />
        </>
      )
  }
}
