import type {
  EnvironmentForm,
  EnvironmentView,
  Installer,
  Problem,
  Source,
} from '../../backend/types'

export type SourceKind = Source['kind']

export const KINDS: readonly SourceKind[] = ['packages', 'buildContext', 'image', 'default']

/** Bases that are proposed; any other image may be typed. */
export const BASES = ['3.13', '3.12', '3.11', '3.10', '3.9'].map(
  (python) => `python:${python}-slim`,
)

/** A row of the arguments; the key tells rows apart while they are typed. */
export interface ArgumentRow {
  key: number
  name: string
  value: string
  confirmed: boolean
}

/** A row of the build secrets. What is typed as its value is never here: see `SecretValues`. */
export interface SecretRow {
  key: number
  id: string
}

/** The id under which the password for the package index is kept. */
export const INDEX_SECRET = 'index'

/** Whose value was typed: a row of the secrets by its key, or the password for the package index. */
export type SecretKey = number | typeof INDEX_SECRET

/** Values as typed, apart from all that is asked, saved or remembered. */
export type SecretValues = ReadonlyMap<SecretKey, string>

/** An environment as typed: what belongs to the other kinds stays while one looks around. */
export interface TypedEnvironment {
  name: string
  description: string
  kind: SourceKind
  base: string
  promptflow: string
  tools: boolean
  requirements: string
  systemPackages: string
  installer: Installer
  indexUrl: string
  indexUsername: string
  extraUrls: string
  trustedHosts: string
  proxy: string
  noProxy: string
  certificates: string
  folder: string
  dockerfile: string
  arguments: ArgumentRow[]
  target: string
  secrets: SecretRow[]
  reference: string
  repository: string
  version: string
  port: string
  healthPath: string
}

export const startForm: TypedEnvironment = {
  name: '',
  description: '',
  kind: 'packages',
  base: 'python:3.11-slim',
  promptflow: '',
  tools: true,
  requirements: '',
  systemPackages: '',
  installer: 'pip',
  indexUrl: '',
  indexUsername: '',
  extraUrls: '',
  trustedHosts: '',
  proxy: '',
  noProxy: '',
  certificates: '',
  folder: '',
  dockerfile: '',
  arguments: [],
  target: '',
  secrets: [],
  reference: '',
  repository: '',
  version: '',
  port: '',
  healthPath: '',
}

function typedSource(source: Source): Partial<TypedEnvironment> {
  switch (source.kind) {
    case 'packages': {
      const { base, promptflow, tools, requirements, installer, index } = source
      return {
        base,
        promptflow,
        tools,
        requirements,
        installer,
        systemPackages: source.systemPackages.join('\n'),
        indexUrl: index.url,
        indexUsername: index.username,
        extraUrls: index.extraUrls.join('\n'),
        trustedHosts: index.trustedHosts.join('\n'),
        proxy: index.proxy,
        noProxy: index.noProxy,
        certificates: index.certificates,
      }
    }
    case 'buildContext': {
      const { folder, dockerfile, target } = source
      return {
        folder,
        dockerfile,
        target,
        arguments: source.arguments.map((one, at) => ({ ...one, key: at + 1 })),
        secrets: source.secrets.map((id, at) => ({ id, key: at + 1 })),
      }
    }
    case 'image':
      return { reference: source.reference }
    case 'default':
      return { repository: source.repository, version: source.version }
  }
}

/** What the form begins with for an environment that there is. */
export function typedOf(environment: EnvironmentView): TypedEnvironment {
  const { name, description, source, port, healthPath } = environment
  return {
    ...startForm,
    name,
    description,
    kind: source.kind,
    port: port === null ? '' : String(port),
    healthPath,
    ...typedSource(source),
  }
}

/** Words with anything between them. */
const list = (text: string): string[] => text.split(/[\s,]+/).filter((word) => word !== '')

function sourceOf(typed: TypedEnvironment): Source {
  switch (typed.kind) {
    case 'packages':
      return {
        kind: 'packages',
        base: typed.base.trim(),
        promptflow: typed.promptflow.trim(),
        tools: typed.tools,
        requirements: typed.requirements,
        systemPackages: list(typed.systemPackages),
        installer: typed.installer,
        index: {
          url: typed.indexUrl.trim(),
          username: typed.indexUsername.trim(),
          extraUrls: list(typed.extraUrls),
          trustedHosts: list(typed.trustedHosts),
          proxy: typed.proxy.trim(),
          noProxy: typed.noProxy.trim(),
          certificates: typed.certificates.trim(),
        },
      }
    case 'buildContext':
      return {
        kind: 'buildContext',
        folder: typed.folder.trim(),
        dockerfile: typed.dockerfile.trim(),
        arguments: typed.arguments.map(({ name, value, confirmed }) => ({
          name: name.trim(),
          value,
          confirmed,
        })),
        target: typed.target,
        secrets: typed.secrets.map(({ id }) => id.trim()),
      }
    case 'image':
      return { kind: 'image', reference: typed.reference.trim() }
    case 'default':
      return {
        kind: 'default',
        repository: typed.repository.trim(),
        version: typed.version.trim(),
      }
  }
}

const isPort = (text: string): boolean => /^\d{1,9}$/.test(text.trim())

/** Whether the port is a text that cannot even be sent. */
export const isPortUnreadable = ({ port }: TypedEnvironment): boolean =>
  port.trim() !== '' && !isPort(port)

/** The form as it is sent. */
export function formOf(typed: TypedEnvironment): EnvironmentForm {
  return {
    name: typed.name.trim(),
    description: typed.description,
    source: sourceOf(typed),
    port: isPort(typed.port) ? Number(typed.port) : null,
    healthPath: typed.healthPath.trim(),
  }
}

/** A value that goes into the keyring once the form is saved. */
export interface TypedSecret {
  key: SecretKey
  secret: string
  value: string
  /** Where it was typed, and where a problem of it is told. */
  field: string
}

/** The values that belong to what is saved; those of the other kinds stay where they were typed. */
export function typedSecrets(typed: TypedEnvironment, values: SecretValues): TypedSecret[] {
  const secrets: TypedSecret[] = []
  const add = (key: SecretKey, secret: string, field: string) => {
    const value = values.get(key) ?? ''
    if (value !== '') secrets.push({ key, secret, value, field })
  }
  if (typed.kind === 'packages') add(INDEX_SECRET, INDEX_SECRET, INDEX_PASSWORD)
  if (typed.kind === 'buildContext') {
    typed.secrets.forEach(({ key, id }, at) => {
      add(key, id.trim(), `secretValues.${at}`)
    })
  }
  return secrets
}

/** The field of the password for the package index. */
export const INDEX_PASSWORD = 'index.password'

/** Whether a password was typed for nobody. */
export const isLoginIncomplete = (typed: TypedEnvironment, values: SecretValues): boolean =>
  typed.kind === 'packages' &&
  typed.indexUsername.trim() === '' &&
  (values.get(INDEX_SECRET) ?? '') !== ''

/** The field with the value of a secret, as the form stands; `null` = it has no such secret. */
export function fieldOfSecret(typed: TypedEnvironment, secret: string): string | null {
  if (typed.kind === 'packages') return secret === INDEX_SECRET ? INDEX_PASSWORD : null
  const at = typed.kind === 'buildContext' ? typed.secrets.findIndex(({ id }) => id === secret) : -1
  return at < 0 ? null : `secretValues.${at}`
}

/** The id of a field's control. */
export const idOf = (field: string): string => `environment-${field.replaceAll('.', '-')}`

const FIELDS = [
  'name',
  'base',
  'promptflow',
  'requirements',
  'systemPackages',
  'index.url',
  'index.username',
  INDEX_PASSWORD,
  'index.extraUrls',
  'index.proxy',
  'index.certificates',
  'folder',
  'dockerfile',
  'target',
  'arguments',
  'secrets',
  'secretValues',
  'reference',
  'repository',
  'version',
  'port',
  'healthPath',
]

/** The first of these fields in the order of the form. */
export function firstField(fields: Iterable<string>): string | null {
  const place = (field: string) => FIELDS.indexOf(field.replace(/\.\d+$/, ''))
  const [first] = [...fields].sort(
    (one, other) => place(one) - place(other) || one.localeCompare(other, 'en', { numeric: true }),
  )
  return first ?? null
}

/** The part of the form that is folded away and has this field. */
export type Folded = 'more' | 'service'

export function foldOf(field: string): Folded | null {
  if (field === 'systemPackages' || field.startsWith('index.')) return 'more'
  return field === 'port' || field === 'healthPath' ? 'service' : null
}

/** Whether a folded part says more than nothing as the form is opened. */
export const beginsOpen = (typed: TypedEnvironment): Record<Folded, boolean> => ({
  more:
    typed.systemPackages !== '' ||
    typed.installer !== 'pip' ||
    [
      typed.indexUrl,
      typed.indexUsername,
      typed.extraUrls,
      typed.trustedHosts,
      typed.proxy,
      typed.certificates,
    ].some((text) => text !== ''),
  service: typed.port !== '' || typed.healthPath !== '',
})

/** Arguments whose problem goes away when they are confirmed: only the doubt about keys has a hint. */
export const confirmableOf = (problems: readonly Problem[]): Set<number> =>
  new Set(
    problems
      .filter(({ field, hints }) => field?.startsWith('arguments.') && hints.length > 0)
      .map(({ field }) => Number(field?.split('.')[1])),
  )
