import { Button, Dropdown, Field, Input, Option } from '@fluentui/react-components'
import { ChevronDown16Regular, ChevronRight16Regular } from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import type { RestartPolicy } from '../../backend/types'
import { formatBytes } from '../../format'
import { AccessFields } from './AccessFields'
import { type WizardDraft, wizardDraft } from './draft'
import { idOf } from './fields'
import { MountRows } from './MountRows'
import { useStepStyles } from './stepStyles'
import type { FieldProblems } from './useDraftCheck'
import { VariableRows } from './VariableRows'

/** Every policy, the proposed one first. */
const policies: Record<RestartPolicy, true> = {
  'unless-stopped': true,
  always: true,
  'on-failure': true,
  no: true,
}

function TextField({
  field,
  label,
  hint,
  value,
  problems,
}: {
  field: 'memoryLimit' | 'cpuLimit' | 'targetPort' | 'startCommand' | 'healthPath'
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
  const styles = useStepStyles()
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
  const styles = useStepStyles()
  const { t } = useTranslation('wizard')
  const { form, proposal } = draft
  const known = proposal?.compute === form.compute ? proposal : null
  return (
    <div className={styles.fields}>
      <AccessFields form={form} problems={problems} />
      <fieldset className={styles.group}>
        <legend className={styles.legend}>{t('settings.limits')}</legend>
        <div className={styles.pair}>
          <TextField
            field="memoryLimit"
            label={t('settings.memory')}
            hint={
              known
                ? t('settings.memoryHint', { memory: formatBytes(known.memory) })
                : t('settings.memoryHintPlain')
            }
            value={form.memoryLimit}
            problems={problems}
          />
          <TextField
            field="cpuLimit"
            label={t('settings.cpus')}
            hint={
              known ? t('settings.cpusHint', { count: known.cpus }) : t('settings.cpusHintPlain')
            }
            value={form.cpuLimit}
            problems={problems}
          />
        </div>
      </fieldset>
      <VariableRows rows={form.variables} problems={problems} confirmable={confirmable} />
      <MountRows rows={form.mounts} problems={problems} />
      <fieldset className={styles.group}>
        <legend className={styles.legend}>{t('settings.restart')}</legend>
        <div className={styles.pair}>
          <Field label={t('settings.restartPolicy')}>
            <Dropdown
              id={idOf('restartPolicy')}
              value={t(`settings.policy.${form.restartPolicy}`)}
              selectedOptions={[form.restartPolicy]}
              onOptionSelect={(_, { optionValue }) => {
                if (optionValue && optionValue in policies) {
                  wizardDraft.type('restartPolicy', {
                    restartPolicy: optionValue as RestartPolicy,
                  })
                }
              }}
            >
              {(Object.keys(policies) as RestartPolicy[]).map((policy) => (
                <Option key={policy} value={policy}>
                  {t(`settings.policy.${policy}`)}
                </Option>
              ))}
            </Dropdown>
          </Field>
        </div>
      </fieldset>
      <Advanced draft={draft} problems={problems} />
    </div>
  )
}
