import {
  Button,
  Field,
  makeStyles,
  mergeClasses,
  Text,
  Textarea,
  tokens,
} from '@fluentui/react-components'
import { type FormEvent, useEffect, useId } from 'react'
import { useTranslation } from 'react-i18next'
import type { ConfigurationView, Problem } from '../../../backend/types'
import { BusyButton } from '../../../components/decision/BusyButton'
import { ProblemBar } from '../../../components/ProblemBar'
import { AccessFields } from '../../../components/settings/AccessFields'
import { useFieldStyles } from '../../../components/settings/fieldStyles'
import { LimitFields } from '../../../components/settings/LimitFields'
import { MountRows } from '../../../components/settings/MountRows'
import { RestartField } from '../../../components/settings/RestartField'
import type { FieldProblems } from '../../../components/settings/settingsForm'
import { VariableRows } from '../../../components/settings/VariableRows'
import { sizes } from '../../../theme'
import { type ConfigurationForm, idOf } from './form'

const useStyles = makeStyles({
  root: {
    rowGap: tokens.spacingVerticalXL,
    maxWidth: sizes.formWidth,
  },
  heading: {
    margin: 0,
    fontFamily: tokens.fontFamilyBase,
    fontSize: tokens.fontSizeBase500,
    lineHeight: tokens.lineHeightBase500,
    fontWeight: tokens.fontWeightSemibold,
  },
  buttons: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
})

/** Everything that can be changed of a runtime, as a form. */
export function EditForm({
  view,
  form,
  problems,
  confirmable,
  asking,
  underWay,
  held,
  problem,
  focus,
  onFocused,
  onChange,
  onReview,
  onReviewAgain,
  onCancel,
}: {
  view: ConfigurationView
  form: ConfigurationForm
  problems: FieldProblems
  confirmable: ReadonlySet<number>
  /** What would change is being found out. */
  asking: boolean
  /** The change that was applied goes on. */
  underWay: boolean
  /** Why *Review changes* did not go on. */
  held: string | null
  problem: Problem | null
  /** The field that is to have the focus once it is on screen. */
  focus: string | null
  onFocused: () => void
  onChange: (field: string, change: Partial<ConfigurationForm>) => void
  onReview: () => void
  onReviewAgain: () => void
  onCancel: () => void
}) {
  const styles = useStyles()
  const shared = useFieldStyles()
  const { t } = useTranslation('configuration')
  const heading = useId()
  useEffect(() => {
    if (focus === null) return
    const control = document.getElementById(idOf(focus))
    if (control === null) return
    control.focus()
    control.scrollIntoView?.({ block: 'center' })
    onFocused()
  })
  const fields = { form, problems, idOf, onChange }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!asking) onReview()
  }
  return (
    <form
      noValidate
      className={mergeClasses(shared.fields, styles.root)}
      aria-labelledby={heading}
      onSubmit={submit}
    >
      <h2 id={heading} className={styles.heading}>
        {t('editHeading')}
      </h2>
      <Text className={shared.hint}>{t('editIntro')}</Text>
      <Field label={t('description')} hint={t('descriptionHint')}>
        <Textarea
          id={idOf('description')}
          value={form.description}
          onChange={(_, { value }) => onChange('description', { description: value })}
        />
      </Field>
      <AccessFields {...fields} boundTo={view.bindAddress} />
      <LimitFields {...fields} memory={view.computeMemory} cpus={view.computeCpus} />
      <VariableRows {...fields} confirmable={confirmable} />
      <MountRows {...fields} />
      <RestartField {...fields} />
      {held ? <Text role="alert">{held}</Text> : null}
      {problem ? (
        <ProblemBar
          problem={problem}
          onRetry={onReview}
          actions={
            problem.code === 'changedMeanwhile' ? (
              <Button onClick={onReviewAgain}>{t('reviewAgain')}</Button>
            ) : null
          }
        />
      ) : null}
      <div className={styles.buttons}>
        <BusyButton type="submit" busy={asking}>
          {t(underWay ? 'seeProgress' : 'review')}
        </BusyButton>
        <Button onClick={onCancel}>{t('cancel')}</Button>
      </div>
    </form>
  )
}
