import { Field, Input, makeStyles, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { type Form, fieldId, NUMBERS } from './form'

const useStyles = makeStyles({
  fields: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(min(100%, 216px), 1fr))',
    gap: tokens.spacingHorizontalL,
    alignItems: 'start',
  },
})

/** How many rows run at the same time, and what becomes of those that fail. */
export function SettingsFields({
  form,
  proposedWorkers,
  problemOf,
  onChange,
}: {
  form: Form
  /** `undefined` = not known yet. */
  proposedWorkers: number | undefined
  problemOf: (field: string) => string | undefined
  onChange: (part: Partial<Form>) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('batchForm')
  return (
    <div className={styles.fields}>
      {NUMBERS.map((field) => {
        const problem = problemOf(field)
        const isWorkers = field === 'workers'
        const hint = isWorkers
          ? proposedWorkers === undefined
            ? undefined
            : t('workersHint', { count: proposedWorkers })
          : t(`${field}Hint`)
        return (
          <Field
            key={field}
            label={t(field)}
            {...(hint ? { hint } : {})}
            {...(problem ? { validationMessage: problem } : {})}
          >
            <Input
              id={fieldId(field)}
              value={form[field]}
              inputMode="numeric"
              autoComplete="off"
              {...(isWorkers && proposedWorkers !== undefined
                ? { placeholder: String(proposedWorkers) }
                : {})}
              onChange={(_, { value }) => onChange({ [field]: value })}
            />
          </Field>
        )
      })}
    </div>
  )
}
