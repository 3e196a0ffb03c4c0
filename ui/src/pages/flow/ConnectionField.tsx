import { Dropdown, Field, Option } from '@fluentui/react-components'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import { paths } from '../../app/paths'
import { GoLink } from '../../components/GoLink'
import { useAsk } from '../../state'
import { useFlowPage } from './page'

/** The connection that an input of a node takes in the next run: the one its file names, or another. */
export function ConnectionField({
  node,
  input,
  written,
}: {
  node: string
  input: string
  written: string
}) {
  const { t } = useTranslation('flow')
  const listId = useId()
  const { view, draft, change } = useFlowPage()
  const { data } = useAsk('list_connections', {})
  const known = data?.connections.map(({ connection }) => connection.name)
  const isThis = (one: { node: string; input: string }) => one.node === node && one.input === input
  const chosen = draft.connections.find(isThis)?.connection ?? written
  const missing =
    known === undefined
      ? view.connections.some(({ name, known }) => name === chosen && !known)
      : !known.includes(chosen)
  const names = [...new Set([written, ...(known ?? [])])]
  const choose = (connection: string) =>
    change({
      connections: [
        ...draft.connections.filter((one) => !isThis(one)),
        ...(connection === written ? [] : [{ node, input, connection }]),
      ],
    })
  return (
    <Field
      label={input === 'connection' ? t('node.connection') : t('node.connectionOf', { input })}
      {...(chosen === written ? {} : { hint: t('node.connectionOther', { written }) })}
      {...(missing
        ? {
            validationState: 'warning' as const,
            validationMessage: (
              <>
                {t('node.connectionMissing', { name: chosen })}{' '}
                <GoLink inline to={paths.connections()}>
                  {t('fit.addConnection', { name: chosen })}
                </GoLink>
              </>
            ),
          }
        : {})}
    >
      <Dropdown
        id={listId}
        value={chosen}
        selectedOptions={[chosen]}
        onOptionSelect={(_, { optionValue }) => {
          if (optionValue !== undefined) choose(optionValue)
        }}
      >
        {names.map((name) => (
          <Option key={name} value={name} text={name}>
            {name}
          </Option>
        ))}
      </Dropdown>
    </Field>
  )
}
