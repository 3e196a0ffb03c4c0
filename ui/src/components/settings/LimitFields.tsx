import { Field, Input } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { formatBytes } from '../../format'
import { useFieldStyles } from './fieldStyles'
import type { FieldsProps } from './settingsForm'

/** How much memory and how many CPUs the runtime may use. */
export function LimitFields({
  form,
  problems,
  idOf,
  onChange,
  memory,
  cpus,
}: FieldsProps & {
  /** What the compute has; `null` while it is not known. */
  memory: number | null
  cpus: number | null
}) {
  const styles = useFieldStyles()
  const { t } = useTranslation('fields')
  const field = (name: 'memoryLimit' | 'cpuLimit', label: string, hint: string) => {
    const problem = problems.get(name)
    return (
      <Field label={label} hint={hint} {...(problem ? { validationMessage: problem } : {})}>
        <Input
          id={idOf(name)}
          value={form[name]}
          autoComplete="off"
          spellCheck={false}
          onChange={(_, { value }) => onChange(name, { [name]: value })}
        />
      </Field>
    )
  }
  return (
    <fieldset className={styles.group}>
      <legend className={styles.legend}>{t('limits')}</legend>
      <div className={styles.pair}>
        {field(
          'memoryLimit',
          t('memory'),
          memory ? t('memoryHint', { memory: formatBytes(memory) }) : t('memoryHintPlain'),
        )}
        {field('cpuLimit', t('cpus'), cpus ? t('cpusHint', { count: cpus }) : t('cpusHintPlain'))}
      </div>
    </fieldset>
  )
}
