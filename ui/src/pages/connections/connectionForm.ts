import type {
  ConnectionDraft,
  ConnectionType,
  ConnectionTypeView,
  ConnectionView,
  FoundConnection,
  FromFile,
  SecretState,
} from '../../backend/types'
import { nextKey } from '../../components/settings/rows'

/** A row of a custom connection; the key tells rows apart while they are typed. */
export interface PairRow {
  key: number
  name: string
  /** What is typed: for a secret that is there, empty = it stays. */
  value: string
  secret: boolean
}

/** A connection as typed: what belongs to the other types stays while one looks around. */
export interface TypedConnection {
  name: string
  type: ConnectionType
  fields: Readonly<Record<string, string>>
  secrets: Readonly<Record<string, string>>
  pairs: readonly PairRow[]
}

/** What the dialog is opened for. */
export interface ConnectionRequest {
  /** The connection that is edited; `null` = a new one. */
  original: ConnectionView | null
  /** What a file says of a new one, and which file. */
  found: { connection: FoundConnection; file: FromFile } | null
  /** What a new one begins with, where a flow lacks it; `null` as type = that is not known. */
  proposed?: { name: string; type: ConnectionType | null }
}

const firstRow: PairRow = { key: 1, name: '', value: '', secret: true }

function rowsOf(pairs: ConnectionDraft['pairs']): PairRow[] {
  return pairs.map(({ key, value, secret }, at) => ({ key: at + 1, name: key, value, secret }))
}

/** What the form begins with. */
export function typedOf({ original, found, proposed }: ConnectionRequest): TypedConnection {
  const from = original?.connection ?? found?.connection.draft
  return {
    name: from?.name ?? proposed?.name ?? '',
    type: from?.type ?? proposed?.type ?? 'azureOpenAi',
    fields: from?.fields ?? {},
    secrets: {},
    pairs: from && from.pairs.length > 0 ? rowsOf(from.pairs) : [firstRow],
  }
}

/** Secrets that were typed, by key. */
export function typedSecrets(
  typed: TypedConnection,
  type: ConnectionTypeView,
): Record<string, string> {
  const own = type.fields
    .filter(({ secret }) => secret)
    .map(({ key }) => [key, typed.secrets[key] ?? ''] as const)
  const pairs = type.hasPairs
    ? typed.pairs
        .filter(({ secret }) => secret)
        .map(({ name, value }) => [name.trim(), value] as const)
    : []
  return Object.fromEntries([...own, ...pairs].filter(([key, value]) => key && value))
}

/** Secrets that the file holds for what is typed. */
export function secretsOfFile(
  { found }: ConnectionRequest,
  type: ConnectionType,
): readonly string[] {
  return found && found.file.type === type ? found.connection.draft.given : []
}

/** What may leave the form to be checked: everything but the values of secrets. */
export function draftOf(
  typed: TypedConnection,
  type: ConnectionTypeView,
  request: ConnectionRequest,
): ConnectionDraft {
  const own = type.fields.filter(({ secret }) => !secret).map(({ key }) => key)
  const given = [...Object.keys(typedSecrets(typed, type)), ...secretsOfFile(request, typed.type)]
  return {
    name: typed.name,
    type: typed.type,
    fields: Object.fromEntries(own.map((key) => [key, typed.fields[key] ?? ''])),
    pairs: type.hasPairs
      ? typed.pairs.map(({ name, value, secret }) => ({
          key: name,
          value: secret ? '' : value,
          secret,
        }))
      : [],
    given: [...new Set(given)],
  }
}

/** Where a secret of the connection that is edited stands; `null` = it has none of this key. */
export function stateOf({ original }: ConnectionRequest, key: string): SecretState | null {
  return original?.secrets.find((secret) => secret.key === key)?.state ?? null
}

export function addRow(rows: readonly PairRow[]): PairRow[] {
  return [...rows, { key: nextKey(rows), name: '', value: '', secret: false }]
}

export const idOf = (field: string): string => `connection-${field.replaceAll('.', '-')}`

/** The first field of these from the top of the form. */
export function firstField(fields: Iterable<string>, type: ConnectionTypeView): string | null {
  const order = ['type', 'name', ...type.fields.map(({ key }) => key), 'pairs']
  const place = (field: string) => order.indexOf(field.split('.')[0] ?? field)
  const [first] = [...fields].sort(
    (one, other) => place(one) - place(other) || one.localeCompare(other, 'en', { numeric: true }),
  )
  return first ?? null
}

/** Connections whose name, type (in words) or endpoint holds each word that is searched. */
export function fitting(
  connections: readonly ConnectionView[],
  search: string,
  wordsOf: (type: ConnectionType) => string,
): ConnectionView[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return connections.filter(({ connection: { name, type }, endpoint }) => {
    const text = `${name} ${wordsOf(type)} ${endpoint ?? ''}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}
