import { useTranslation } from 'react-i18next'
import type { ConnectionOverride, FlowView } from '../../backend/types'
import { Block } from '../../components/decision/Block'
import { ConnectionField } from '../../components/flow/ConnectionField'
import { emptyDraft } from '../flow/draft'
import { connectionInputs, nodeAsChosen } from '../flow/model'
import type { Form } from './form'

/** Which connection each node takes; only flows with connections have these. */
export function ConnectionFields({
  view,
  form,
  onChange,
}: {
  view: FlowView
  form: Form
  onChange: (connections: ConnectionOverride[]) => void
}) {
  const { t } = useTranslation('batchForm')
  const draft = { ...emptyDraft, variants: form.variants }
  const inputs = (view.model?.nodes ?? []).flatMap(({ name }) => {
    const node = nodeAsChosen(view, name, draft)
    return node ? connectionInputs(node, view).map((one) => ({ ...one, node: name })) : []
  })
  if (inputs.length === 0) return null
  return (
    <Block heading={t('connections')}>
      {inputs.map(({ node, input, connection, types }) => (
        <ConnectionField
          key={`${node} ${input}`}
          view={view}
          node={node}
          input={input}
          written={connection}
          types={types}
          label={
            input === 'connection'
              ? t('connectionOf', { node })
              : t('connectionOfInput', { node, input })
          }
          chosen={form.connections}
          onChange={onChange}
        />
      ))}
    </Block>
  )
}
