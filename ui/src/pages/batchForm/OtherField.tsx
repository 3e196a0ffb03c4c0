import { Combobox, Field, makeStyles, Option, Text, tokens } from '@fluentui/react-components'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Batch } from '../../backend/types'
import { formatPast } from '../../format'
import { useAsk } from '../../state'
import { fieldId } from './form'

/** Options that are offered at once. */
const AT_ONCE = 50

const useStyles = makeStyles({
  list: { maxHeight: '360px' },
  option: { display: 'flex', flexDirection: 'column', minWidth: 0, overflowWrap: 'anywhere' },
  quiet: { color: tokens.colorNeutralForeground2 },
})

const fits = ({ name, flowName }: Batch, words: string): boolean => {
  const text = `${name} ${flowName}`.toLowerCase()
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

/** The batch run whose inputs and outputs can be taken. */
export function OtherField({
  other,
  problem,
  onChoose,
}: {
  other: string | null
  problem: string | undefined
  onChoose: (other: string | null) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('batchForm')
  const { data } = useAsk('list_batches', { flow: null, text: '' })
  // What is typed to find one; `null` = nothing is.
  const [typed, setTyped] = useState<string | null>(null)
  const all = data?.batches ?? []
  const chosen = all.find(({ id }) => id === other)
  const found = typed === null ? all : all.filter((one) => fits(one, typed))
  const more = found.length - AT_ONCE
  if (data && all.length === 0 && other === null) return null
  return (
    <Field
      label={t('other')}
      hint={t('otherHint')}
      {...(problem ? { validationMessage: problem } : {})}
    >
      <Combobox
        id={fieldId('other')}
        listbox={{ className: styles.list }}
        positioning={{ position: 'below', align: 'start' }}
        value={typed ?? chosen?.name ?? ''}
        placeholder={t('otherNone')}
        selectedOptions={other === null ? [''] : [other]}
        onChange={({ target }) => setTyped(target.value)}
        onBlur={() => setTyped(null)}
        onOptionSelect={(_, { optionValue }) => {
          setTyped(null)
          if (optionValue !== undefined) onChoose(optionValue === '' ? null : optionValue)
        }}
      >
        <Option value="" text={t('otherNone')}>
          {t('otherNone')}
        </Option>
        {found.slice(0, AT_ONCE).map((one) => (
          <Option key={one.id} value={one.id} text={one.name}>
            <span className={styles.option}>
              <Text>{one.name}</Text>
              <Text size={200} className={styles.quiet}>
                {t('otherOption', { flow: one.flowName, time: formatPast(one.started) })}
              </Text>
            </span>
          </Option>
        ))}
        {more > 0 ? (
          <Option disabled value="more" text={t('otherMore', { count: more })}>
            {t('otherMore', { count: more })}
          </Option>
        ) : null}
      </Combobox>
    </Field>
  )
}
