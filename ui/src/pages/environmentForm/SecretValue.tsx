import { Field, Input, makeStyles } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { idOf, type SecretKey } from './form'
import type { EnvironmentFormState } from './useEnvironmentForm'

const useStyles = makeStyles({
  // Fluent's own is wider than half a form.
  control: { minWidth: 0 },
})

/** The value of a secret. What the keyring has is never shown; an empty field leaves it as it is. */
export function SecretValue({
  form,
  of,
  secret,
  field,
  label,
  name,
  hint,
  className,
}: {
  form: EnvironmentFormState
  of: SecretKey
  /** The secret's id. */
  secret: string
  field: string
  label?: string
  /** What it is called where it has no label. */
  name?: string
  hint?: string
  className?: string
}) {
  const styles = useStyles()
  const { t } = useTranslation('environmentForm')
  const value = form.valueOf(of)
  const kept = form.isKept(secret)
  const problem = form.problems.get(field)
  const missing = kept === false && value === ''
  const placeholder = kept ? t('secretKept') : label === undefined ? t('valuePlaceholder') : null
  return (
    <Field
      {...(className ? { className } : {})}
      {...(label ? { label } : {})}
      {...(hint ? { hint } : {})}
      {...(problem
        ? { validationMessage: problem }
        : missing
          ? { validationState: 'warning', validationMessage: t('secretMissing') }
          : {})}
    >
      <Input
        id={idOf(field)}
        className={styles.control}
        type="password"
        {...(name ? { 'aria-label': name } : {})}
        {...(placeholder ? { placeholder } : {})}
        value={value}
        autoComplete="off"
        spellCheck={false}
        onChange={(_, data) => form.typeValue(of, field, data.value)}
      />
    </Field>
  )
}
