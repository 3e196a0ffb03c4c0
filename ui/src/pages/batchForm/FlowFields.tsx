import { Dropdown, Field, Option, Text, Textarea } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { FlowView } from '../../backend/types'
import { Block } from '../../components/decision/Block'
import { type Form, fieldId } from './form'

/** Which variant of each node runs; only flows with variants have these. */
export function VariantFields({
  view,
  variants,
  onChange,
}: {
  view: FlowView
  variants: Form['variants']
  onChange: (variants: Form['variants']) => void
}) {
  const { t } = useTranslation('batchForm')
  return view.model?.variants.map(({ node, default: usual, variants: all }) => {
    const chosen = variants[node] ?? usual
    const words = (id: string) => (id === usual ? t('variantDefault', { variant: id }) : id)
    return (
      <Field key={node} label={t('variant', { node })}>
        <Dropdown
          id={fieldId(`variant.${node}`)}
          value={words(chosen)}
          selectedOptions={[chosen]}
          onOptionSelect={(_, { optionValue }) => {
            const { [node]: _before, ...others } = variants
            if (optionValue !== undefined) {
              onChange(optionValue === usual ? others : { ...others, [node]: optionValue })
            }
          }}
        >
          {all.map(({ id }) => (
            <Option key={id} value={id} text={words(id)}>
              {words(id)}
            </Option>
          ))}
        </Dropdown>
      </Field>
    )
  })
}

/** What a class's constructor gets; only such flex flows have these. */
export function InitFields({
  view,
  init,
  problemOf,
  onChange,
}: {
  view: FlowView
  init: Form['init']
  problemOf: (field: string) => string | undefined
  onChange: (init: Form['init']) => void
}) {
  const { t } = useTranslation('batchForm')
  if (view.init.length === 0) return null
  return (
    <Block heading={t('init')}>
      {view.init.map(({ name, kind, text }) => {
        const problem = problemOf(`init.${name}`)
        return (
          <Field
            key={name}
            label={name}
            hint={<Text size={200}>{kind}</Text>}
            {...(problem ? { validationMessage: problem } : {})}
          >
            <Textarea
              id={fieldId(`init.${name}`)}
              value={init[name] ?? text}
              resize="vertical"
              textarea={{ rows: kind === 'list' || kind === 'object' ? 3 : 1 }}
              onChange={(_, { value }) => onChange({ ...init, [name]: value })}
            />
          </Field>
        )
      })}
    </Block>
  )
}
