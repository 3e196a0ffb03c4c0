import { Checkbox, makeStyles, Text, tokens } from '@fluentui/react-components'
import { useId } from 'react'

const useStyles = makeStyles({
  hint: { display: 'block', color: tokens.colorNeutralForeground3 },
})

/** A tick with a sentence under its name, which is told as its description. */
export function HintedCheckbox({
  label,
  hint,
  checked,
  onChange,
}: {
  label: string
  hint: string
  checked: boolean
  onChange: (checked: boolean) => void
}) {
  const styles = useStyles()
  const hintId = useId()
  return (
    <Checkbox
      aria-label={label}
      aria-describedby={hintId}
      label={
        <>
          {label}
          <Text size={200} id={hintId} className={styles.hint}>
            {hint}
          </Text>
        </>
      }
      checked={checked}
      onChange={(_, data) => onChange(data.checked === true)}
    />
  )
}
