import { Dropdown, Field, Option, OptionGroup } from '@fluentui/react-components'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import { paths } from '../../app/paths'
import type { ConnectionOverride, ConnectionType, FlowView } from '../../backend/types'
import { useAsk } from '../../state'
import { GoLink } from '../GoLink'

/** The connection that an input of a node takes in the next run: the one its file names, or another. */
export function ConnectionField({
  view,
  node,
  input,
  written,
  label,
  types,
  chosen: connections,
  onChange,
}: {
  view: FlowView
  node: string
  input: string
  /** Empty = its file names none. */
  written: string
  label: string
  /** Those that it takes; empty = not known. */
  types: readonly ConnectionType[]
  /** Where it is not the one that the flow names. */
  chosen: readonly ConnectionOverride[]
  onChange: (connections: ConnectionOverride[]) => void
}) {
  const { t } = useTranslation('flow')
  const listId = useId()
  const { data } = useAsk('list_connections', {})
  const known = data?.connections.map(({ connection }) => connection)
  const isThis = (one: { node: string; input: string }) => one.node === node && one.input === input
  const chosen = connections.find(isThis)?.connection ?? written
  const missing =
    chosen !== '' &&
    (known === undefined
      ? view.connections.some(({ name, known }) => name === chosen && !known)
      : !known.some(({ name }) => name === chosen))
  const fits = (type: ConnectionType) => types.length === 0 || types.includes(type)
  const names = (of: boolean) => (known ?? []).filter(({ type }) => fits(type) === of)
  const own =
    written !== '' && !known?.some(({ name }) => name === written) ? [{ name: written }] : []
  const first = [...own, ...names(true)]
  const others = names(false)
  const options = (of: ReadonlyArray<{ name: string }>) =>
    of.map(({ name }) => (
      <Option key={name} value={name} text={name}>
        {name}
      </Option>
    ))
  const choose = (connection: string) =>
    onChange([
      ...connections.filter((one) => !isThis(one)),
      ...(connection === written ? [] : [{ node, input, connection }]),
    ])
  return (
    <Field
      label={label}
      {...(chosen === written || written === ''
        ? {}
        : { hint: t('node.connectionOther', { written }) })}
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
        placeholder={t('node.connectionChoose')}
        selectedOptions={chosen === '' ? [] : [chosen]}
        onOptionSelect={(_, { optionValue }) => {
          if (optionValue !== undefined) choose(optionValue)
        }}
      >
        {options(first)}
        {others.length > 0 ? (
          <OptionGroup label={t('node.connectionOtherType')}>{options(others)}</OptionGroup>
        ) : null}
      </Dropdown>
    </Field>
  )
}
