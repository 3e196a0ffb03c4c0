import { Field, Input, makeStyles, Radio, RadioGroup, tokens } from '@fluentui/react-components'
import type { Ref } from 'react'
import { useTranslation } from 'react-i18next'
import type { OnFailure } from '../../backend/types'
import { Card } from '../../components/Card'

const useStyles = makeStyles({
  number: { maxWidth: '96px' },
  root: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL },
})

/** Rules as typed. */
export interface RulesDraft {
  parallel: string
  onFailure: OnFailure
  cancelRuns: boolean
}

export const usualRules: RulesDraft = { parallel: '1', onFailure: 'stop', cancelRuns: false }

/** The number of updates at a time; `null` when what was typed is none. */
export function parallelOf({ parallel }: RulesDraft): number | null {
  if (!/^\d{1,2}$/.test(parallel.trim())) return null
  const number = Number(parallel)
  return number >= 1 && number <= 20 ? number : null
}

/** How the updates are done. */
export function RulesFields({
  rules,
  parallelRef,
  onChange,
}: {
  rules: RulesDraft
  /** The number's field, so that it can be focused. */
  parallelRef: Ref<HTMLInputElement>
  onChange: (rules: RulesDraft) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('updateAll')
  return (
    <Card heading={t('rules')}>
      <div className={styles.root}>
        <Field
          label={t('parallel')}
          hint={t('parallelHint')}
          {...(parallelOf(rules) === null ? { validationMessage: t('parallelProblem') } : {})}
        >
          <Input
            ref={parallelRef}
            className={styles.number}
            inputMode="numeric"
            autoComplete="off"
            value={rules.parallel}
            onChange={(_, { value }) => onChange({ ...rules, parallel: value })}
          />
        </Field>
        <Field label={t('onFailure')} hint={t('goOnHint')}>
          <RadioGroup
            value={rules.onFailure}
            onChange={(_, { value }) => onChange({ ...rules, onFailure: value as OnFailure })}
          >
            <Radio value="stop" label={t('stop')} />
            <Radio value="goOn" label={t('goOn')} />
          </RadioGroup>
        </Field>
        <Field label={t('activeRuns')}>
          <RadioGroup
            value={rules.cancelRuns ? 'cancel' : 'wait'}
            onChange={(_, { value }) => onChange({ ...rules, cancelRuns: value === 'cancel' })}
          >
            <Radio value="wait" label={t('waitForRuns')} />
            <Radio value="cancel" label={t('cancelRuns')} />
          </RadioGroup>
        </Field>
      </div>
    </Card>
  )
}
