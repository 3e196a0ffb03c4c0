import { Checkbox, Field, Input, makeStyles, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { type PolicyDraft, type PolicyField, weekdays } from './policy'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalM,
    paddingInlineStart: tokens.spacingHorizontalXXL,
  },
  days: { display: 'flex', flexWrap: 'wrap' },
  times: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalM },
  time: { width: '128px' },
  number: { maxWidth: '96px' },
})

/** When a runtime may be updated by itself, and to what. */
export function WindowFields({
  draft,
  faults,
  onChange,
}: {
  draft: PolicyDraft
  faults: ReadonlySet<PolicyField>
  onChange: (draft: PolicyDraft) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('policy')
  const wrong = (field: PolicyField) =>
    faults.has(field) ? { validationMessage: t(`fault.${field}`) } : {}
  return (
    <div className={styles.root}>
      <Field label={t('days')} {...wrong('days')}>
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a frame and a legend */}
        <div className={styles.days} role="group" aria-label={t('days')}>
          {weekdays.map((day) => (
            <Checkbox
              key={day}
              label={t(`short.${day}`)}
              aria-label={t(`day.${day}`)}
              checked={draft.days.includes(day)}
              onChange={(_, { checked }) =>
                onChange({
                  ...draft,
                  days: checked ? [...draft.days, day] : draft.days.filter((one) => one !== day),
                })
              }
            />
          ))}
        </div>
      </Field>
      <div className={styles.times}>
        <Field label={t('from')} {...wrong('from')}>
          <Input
            className={styles.time}
            type="time"
            value={draft.from}
            onChange={(_, { value }) => onChange({ ...draft, from: value })}
          />
        </Field>
        <Field label={t('to')} {...wrong('to')}>
          <Input
            className={styles.time}
            type="time"
            value={draft.to}
            onChange={(_, { value }) => onChange({ ...draft, to: value })}
          />
        </Field>
      </div>
      <Field label={t('age')} hint={t('ageHint')} {...wrong('olderThanDays')}>
        <Input
          className={styles.number}
          inputMode="numeric"
          autoComplete="off"
          value={draft.olderThanDays}
          onChange={(_, { value }) => onChange({ ...draft, olderThanDays: value })}
        />
      </Field>
    </div>
  )
}
