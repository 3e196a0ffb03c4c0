import { makeStyles, Radio, Text, tokens } from '@fluentui/react-components'
import { useId } from 'react'

const useStyles = makeStyles({
  hint: { display: 'block', color: tokens.colorNeutralForeground3 },
})

/** A choice with a sentence under its name, which is told as its description. */
export function HintedRadio({
  id,
  value,
  label,
  hint,
}: {
  id?: string
  value: string
  label: string
  hint: string
}) {
  const styles = useStyles()
  const hintId = useId()
  return (
    <Radio
      {...(id === undefined ? {} : { id })}
      value={value}
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
    />
  )
}
