import { Button, Field, Input } from '@fluentui/react-components'
import { ChevronDown16Regular, ChevronRight16Regular } from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import { AccessFields } from '../../components/settings/AccessFields'
import { useFieldStyles } from '../../components/settings/fieldStyles'
import { LimitFields } from '../../components/settings/LimitFields'
import { MountRows } from '../../components/settings/MountRows'
import { RestartField } from '../../components/settings/RestartField'
import type { FieldProblems } from '../../components/settings/settingsForm'
import { VariableRows } from '../../components/settings/VariableRows'
import { type WizardDraft, wizardDraft } from './draft'
import { idOf } from './fields'

function TextField({
  field,
  label,
  hint,
  value,
  problems,
}: {
  field: 'targetPort' | 'startCommand' | 'healthPath'
  label: string
  hint: string
  value: string
  problems: FieldProblems
}) {
  const problem = problems.get(field)
  return (
    <Field label={label} hint={hint} {...(problem ? { validationMessage: problem } : {})}>
      <Input
        id={idOf(field)}
        value={value}
        autoComplete="off"
        spellCheck={false}
        onChange={(_, data) => wizardDraft.type(field, { [field]: data.value })}
      />
    </Field>
  )
}

function Advanced({ draft, problems }: { draft: WizardDraft; problems: FieldProblems }) {
  const styles = useFieldStyles()
  const { t } = useTranslation('wizard')
  const { form, advancedOpen } = draft
  return (
    <div className={styles.group}>
      <Button
        appearance="transparent"
        className={styles.fold}
        icon={advancedOpen ? <ChevronDown16Regular /> : <ChevronRight16Regular />}
        aria-expanded={advancedOpen}
        aria-controls={idOf('advanced')}
        onClick={() => wizardDraft.openAdvanced(!advancedOpen)}
      >
        {t('settings.advanced')}
      </Button>
      <div id={idOf('advanced')} hidden={!advancedOpen}>
        {advancedOpen ? (
          <div className={styles.group}>
            <TextField
              field="targetPort"
              label={t('settings.targetPort')}
              hint={t('settings.targetPortHint')}
              value={form.targetPort}
              problems={problems}
            />
            <TextField
              field="startCommand"
              label={t('settings.startCommand')}
              hint={t('settings.startCommandHint')}
              value={form.startCommand}
              problems={problems}
            />
            <TextField
              field="healthPath"
              label={t('settings.healthPath')}
              hint={t('settings.healthPathHint')}
              value={form.healthPath}
              problems={problems}
            />
          </div>
        ) : null}
      </div>
    </div>
  )
}

/** Third step: how the runtime is reached and what it may use. Everything has a good default. */
export function SettingsStep({
  draft,
  problems,
  confirmable,
}: {
  draft: WizardDraft
  problems: FieldProblems
  confirmable: ReadonlySet<number>
}) {
  const styles = useFieldStyles()
  const { form, proposal } = draft
  const fields = { form, problems, idOf, onChange: wizardDraft.type }
  const known = proposal?.compute === form.compute ? proposal : null
  return (
    <div className={styles.fields}>
      <AccessFields {...fields} />
      <LimitFields {...fields} memory={known?.memory ?? null} cpus={known?.cpus ?? null} />
      <VariableRows {...fields} confirmable={confirmable} />
      <MountRows {...fields} />
      <RestartField {...fields} />
      <Advanced draft={draft} problems={problems} />
    </div>
  )
}
