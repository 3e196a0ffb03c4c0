/** The id of a field's control on the wizard page. */
export const idOf = (field: string): string => `wizard-${field.replaceAll('.', '-')}`

/** Moves the focus to a field; answers whether it is on screen. */
export function focusField(field: string): boolean {
  const control = document.getElementById(idOf(field))
  control?.focus()
  return control !== null
}
