import {
  Dropdown,
  Field,
  Input,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  Option,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { paths } from '../../app/paths'
import type { ComputeView } from '../../backend/types'
import { GoLink } from '../../components/GoLink'
import { useFieldStyles } from '../../components/settings/fieldStyles'
import type { FieldProblems } from '../../components/settings/settingsForm'
import { formatBytes } from '../../format'
import { useComputes } from '../../state'
import { wizardDraft } from './draft'
import { idOf } from './fields'
import type { WizardForm } from './form'

function useComputeWords(): (compute: ComputeView) => string {
  const { t } = useTranslation('wizard')
  return ({ facts, state }) => {
    if (state.kind !== 'connected') return t('name.notConnected')
    if (!facts) return ''
    return t('name.computeWords', {
      engine: facts.engine,
      version: facts.version,
      cpus: facts.cpus,
      memory: formatBytes(facts.memory),
    })
  }
}

/** Says that there is nowhere to go on, where no compute is connected. */
export function NoCompute() {
  const { t } = useTranslation('wizard')
  const connected = useComputes().some(({ state }) => state.kind === 'connected')
  if (connected) return null
  return (
    <MessageBar intent="warning" layout="multiline" role="group">
      <MessageBarBody>{t('name.noCompute')}</MessageBarBody>
      <MessageBarActions>
        <GoLink to={paths.computes}>{t('name.toComputes')}</GoLink>
      </MessageBarActions>
    </MessageBar>
  )
}

/** Where the runtime is. */
export function ComputeField({ form, problems }: { form: WizardForm; problems: FieldProblems }) {
  const { t } = useTranslation('wizard')
  const words = useComputeWords()
  const computes = useComputes()
  const chosen = computes.find(({ id }) => id === form.compute)
  const computeProblem =
    problems.get('compute') ??
    (chosen && chosen.state.kind !== 'connected' ? t('name.computeGone') : undefined)
  return (
    <Field
      label={t('name.compute')}
      {...(chosen ? { hint: words(chosen) } : {})}
      {...(computeProblem ? { validationMessage: computeProblem } : {})}
    >
      <Dropdown
        id={idOf('compute')}
        placeholder={t('name.choose')}
        value={chosen?.name ?? ''}
        selectedOptions={form.compute ? [form.compute] : []}
        onOptionSelect={(_, { optionValue }) => {
          if (optionValue) wizardDraft.type('compute', { compute: optionValue })
        }}
      >
        {computes.map((compute) => (
          <Option
            key={compute.id}
            value={compute.id}
            text={compute.name}
            disabled={compute.state.kind !== 'connected'}
          >
            {[compute.name, words(compute)].filter(Boolean).join(' – ')}
          </Option>
        ))}
      </Dropdown>
    </Field>
  )
}

/** First step: what the runtime is called and where it runs. */
export function NameStep({ form, problems }: { form: WizardForm; problems: FieldProblems }) {
  const styles = useFieldStyles()
  const { t } = useTranslation('wizard')
  const nameProblem = problems.get('name')
  return (
    <div className={styles.fields}>
      <NoCompute />
      <Field
        label={t('name.name')}
        hint={t('name.nameHint')}
        {...(nameProblem ? { validationMessage: nameProblem } : {})}
      >
        <Input
          id={idOf('name')}
          value={form.name}
          autoComplete="off"
          spellCheck={false}
          onChange={(_, { value }) => wizardDraft.type('name', { name: value })}
        />
      </Field>
      <ComputeField form={form} problems={problems} />
      <Field label={t('name.description')}>
        <Input
          id={idOf('description')}
          value={form.description}
          onChange={(_, { value }) => wizardDraft.type('description', { description: value })}
        />
      </Field>
    </div>
  )
}
