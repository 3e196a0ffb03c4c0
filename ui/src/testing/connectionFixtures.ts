import type {
  ConnectionDraft,
  ConnectionFile,
  ConnectionType,
  ConnectionTypeView,
  ConnectionView,
  FieldSpec,
  Problem,
  SecretState,
} from '../backend/types'
import { problem } from './fixtures'

const field = (key: string, parts: Partial<FieldSpec> = {}): FieldSpec => ({
  key,
  kind: 'text',
  required: false,
  secret: false,
  default: null,
  example: null,
  ...parts,
})

const address = (key: string, example: string) =>
  field(key, { kind: 'address', required: true, example })
const key = field('api_key', { required: true, secret: true })
const version = (usual: string) => field('api_version', { kind: 'version', default: usual })
const endpoint = address('endpoint', 'https://NAME.cognitiveservices.azure.com/')

const fieldsOf: Record<ConnectionType, FieldSpec[]> = {
  azureOpenAi: [
    address('api_base', 'https://NAME.openai.azure.com/'),
    key,
    field('api_type', { default: 'azure' }),
    version('2024-02-01'),
  ],
  openAi: [
    key,
    field('organization', { example: 'org-…' }),
    { ...address('base_url', 'https://api.openai.com/v1'), required: false },
  ],
  serverless: [address('api_base', 'https://NAME.REGION.models.ai.azure.com'), key],
  cognitiveSearch: [
    address('api_base', 'https://NAME.search.windows.net'),
    key,
    version('2023-11-01'),
  ],
  azureAiServices: [endpoint, key],
  azureContentSafety: [endpoint, key, version('2023-10-01')],
  formRecognizer: [endpoint, key, version('2023-07-31')],
  serp: [key],
  custom: [],
  customStrongType: ['custom_type', 'module', 'package', 'package_version'].map((name) =>
    field(name, { required: true }),
  ),
}

export const connectionTypes: ConnectionTypeView[] = Object.entries(fieldsOf).map(
  ([type, fields]) => {
    const hasPairs = type === 'custom' || type === 'customStrongType'
    return { type: type as ConnectionType, fields, hasPairs, testable: !hasPairs }
  },
)

/** A connection whose secrets all stand the same. */
export function connection(
  name: string,
  parts: Partial<ConnectionView['connection']> = {},
  secret: SecretState = 'keyring',
): ConnectionView {
  const of = {
    name,
    type: 'azureOpenAi' as const,
    fields: { api_base: `https://${name}.openai.azure.com/` },
    pairs: [],
    ...parts,
  }
  const own = fieldsOf[of.type].filter((one) => one.secret).map((one) => one.key)
  const keys = [...own, ...of.pairs.filter((pair) => pair.secret).map((pair) => pair.key)]
  return {
    connection: of,
    endpoint: of.fields.api_base ?? (of.type === 'openAi' ? 'https://api.openai.com/v1' : null),
    secrets: keys.map((one) => ({ key: one, state: secret })),
    secret,
    testable: of.pairs.length === 0,
  }
}

export function manyConnections(): ConnectionView[] {
  return [
    connection('open_ai_connection', { type: 'openAi', fields: {} }, 'memory'),
    connection('rag-aoai'),
    connection(
      'team_search',
      { type: 'cognitiveSearch', fields: { api_base: 'https://team.search.windows.net' } },
      'notReadable',
    ),
    connection('tickets', {
      type: 'custom',
      fields: {},
      pairs: [
        { key: 'url', value: 'https://tickets.example.com', secret: false },
        { key: 'token', value: '', secret: true },
      ],
    }),
  ]
}

/** What the application would say of a form: names, addresses and missing secrets. */
export function connectionProblems(
  draft: ConnectionDraft,
  original: string | null,
  there: readonly ConnectionView[],
): Problem[] {
  const told = (at: string, sentence: string) =>
    problem({ code: 'invalidInput', field: at, sentence })
  const edited = there.find((one) => one.connection.name === original)
  const isThere = (name: string) =>
    draft.given.includes(name) || edited?.secrets.some((secret) => secret.key === name) === true
  const name =
    draft.name.trim() === ''
      ? [told('name', 'Give the connection a name.')]
      : there.some((one) => one.connection.name === draft.name && one !== edited)
        ? [told('name', `There is a connection "${draft.name}" already.`)]
        : []
  const own = fieldsOf[draft.type].flatMap(({ key: at, required, secret, kind }) => {
    if (secret) return required && !isThere(at) ? [told(at, 'Give the key.')] : []
    const value = draft.fields[at] ?? ''
    if (required && value === '') return [told(at, 'This is needed.')]
    if (kind === 'address' && value !== '' && !value.startsWith('https://')) {
      return [told(at, 'The address begins with https:// and names a host.')]
    }
    return []
  })
  const pairs = draft.pairs.flatMap((pair, at) => [
    ...(pair.key === '' ? [told(`pairs.${at}.key`, 'Give the key of this value.')] : []),
    ...(pair.secret && pair.key !== '' && !isThere(pair.key)
      ? [told(`pairs.${at}.value`, 'Give the secret.')]
      : []),
  ])
  return [...name, ...own, ...pairs]
}

/** What was found in a file of variables. */
export function dotenvFile(path: string): ConnectionFile {
  return {
    path,
    found: [
      {
        draft: {
          name: 'open_ai_connection_2',
          type: 'openAi',
          fields: {},
          pairs: [],
          given: ['api_key'],
        },
        missing: [],
        leftOut: ['There is a connection "open_ai_connection" already.'],
      },
      {
        draft: {
          name: 'custom_connection',
          type: 'custom',
          fields: {},
          pairs: [
            { key: 'OPENAI_API_KEY', value: '', secret: true },
            { key: 'PLACE', value: 'here', secret: false },
            { key: 'DB_PASSWORD', value: '', secret: true },
          ],
          given: ['OPENAI_API_KEY'],
        },
        missing: ['DB_PASSWORD'],
        leftOut: [],
      },
    ],
  }
}
