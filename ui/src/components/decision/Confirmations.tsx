import { Checkbox, Field } from '@fluentui/react-components'
import type { Problem } from '../../backend/types'
import { ProblemBar } from '../ProblemBar'

/** Doubts that are to be ticked before a decision; nothing where there are none. */
export function Confirmations({
  doubts,
  id,
  label,
  confirmed,
  asked,
  onChange,
}: {
  doubts: Problem[]
  /** Of the tick, so that it can be focused. */
  id: string
  /** What ticking says, for instance "I know this. Update all the same." */
  label: string
  confirmed: boolean
  /** What to do, once the decision was tried without the tick. */
  asked: string | null
  onChange: (confirmed: boolean) => void
}) {
  if (doubts.length === 0) return null
  return (
    <>
      {doubts.map((doubt) => (
        <ProblemBar key={doubt.sentence} problem={doubt} />
      ))}
      <Field {...(asked !== null && !confirmed ? { validationMessage: asked } : {})}>
        <Checkbox
          id={id}
          label={label}
          checked={confirmed}
          onChange={(_, { checked }) => onChange(checked === true)}
        />
      </Field>
    </>
  )
}
