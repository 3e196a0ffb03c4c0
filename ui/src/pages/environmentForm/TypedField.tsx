import { Field, Input, makeStyles, Textarea, tokens } from '@fluentui/react-components'
import { PathInput } from '../../components/PathInput'
import { idOf, type TypedEnvironment } from './form'
import type { EnvironmentFormState } from './useEnvironmentForm'

const useStyles = makeStyles({
  mono: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200 },
})

/** Names of the parts of the form that are texts. */
type TextName = {
  [K in keyof TypedEnvironment]: TypedEnvironment[K] extends string ? K : never
}[keyof TypedEnvironment]

/** A text of the form with its label, hint and problem. */
export function TypedField({
  form,
  name,
  field = name,
  label,
  hint,
  placeholder,
  lines,
  folder,
}: {
  form: EnvironmentFormState
  name: TextName
  /** As the check calls it. */
  field?: string
  label: string
  hint?: string
  placeholder?: string
  /** Several lines in a fixed font, at least so many. */
  lines?: number
  /** A folder of this machine, which can be chosen. */
  folder?: boolean
}) {
  const styles = useStyles()
  const problem = form.problems.get(field)
  const shared = {
    id: idOf(field),
    value: form.typed[name],
    autoComplete: 'off',
    spellCheck: false,
    ...(placeholder ? { placeholder } : {}),
  }
  return (
    <Field
      label={label}
      {...(hint ? { hint } : {})}
      {...(problem ? { validationMessage: problem } : {})}
    >
      {folder ? (
        <PathInput
          {...shared}
          choice={{ kind: 'folder', title: label }}
          onChange={(path) => form.type(field, { [name]: path })}
        />
      ) : lines === undefined ? (
        <Input {...shared} onChange={(_, { value }) => form.type(field, { [name]: value })} />
      ) : (
        <Textarea
          {...shared}
          resize="vertical"
          textarea={{ className: styles.mono, rows: lines }}
          onChange={(_, { value }) => form.type(field, { [name]: value })}
        />
      )}
    </Field>
  )
}
