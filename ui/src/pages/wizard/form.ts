import type { Proposal, RestartPolicy, RuntimeDraft } from '../../backend/types'
import {
  defaultEnvironment,
  type EnvironmentChoice,
  environmentDraft,
} from '../../components/environment/choice'

/** A row of the variables; the key tells rows apart while they are typed. */
export interface VariableRow {
  key: number
  name: string
  value: string
  confirmed: boolean
}

/** A row of the mounts. */
export interface MountRow {
  key: number
  source: string
  target: string
  readOnly: boolean
}

/** The wizard's fields as typed: numbers and sizes are texts until they are sent. */
export interface WizardForm {
  compute: string
  name: string
  description: string
  environment: EnvironmentChoice
  hostPort: string
  bindAddress: string
  confirmedExposure: boolean
  memoryLimit: string
  cpuLimit: string
  variables: VariableRow[]
  mounts: MountRow[]
  restartPolicy: RestartPolicy
  targetPort: string
  startCommand: string
  healthPath: string
}

export const emptyForm: WizardForm = {
  compute: '',
  name: '',
  description: '',
  environment: defaultEnvironment,
  hostPort: '',
  bindAddress: '127.0.0.1',
  confirmedExposure: false,
  memoryLimit: '',
  cpuLimit: '',
  variables: [],
  mounts: [],
  restartPolicy: 'unless-stopped',
  targetPort: '',
  startCommand: '',
  healthPath: '',
}

const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  k: 1024,
  kb: 1024,
  m: 1024 ** 2,
  mb: 1024 ** 2,
  g: 1024 ** 3,
  gb: 1024 ** 3,
  t: 1024 ** 4,
  tb: 1024 ** 4,
}

/** Bytes of a size as people write it, `4 GB`, `512m`; without a unit it means GB. `null` = no size. */
export function parseSize(text: string): number | null {
  const match = /^(\d+(?:[.,]\d+)?)\s*([a-z]{0,3})$/.exec(text.trim().toLowerCase())
  if (!match?.[1]) return null
  const unit = match[2] ? UNITS[match[2].replace('ib', 'b')] : UNITS.gb
  if (unit === undefined) return null
  return Math.round(Number(match[1].replace(',', '.')) * unit)
}

/** A whole number from 1 to 65535, or `null`. */
export function parsePort(text: string): number | null {
  const trimmed = text.trim()
  if (!/^\d{1,5}$/.test(trimmed)) return null
  const port = Number(trimmed)
  return port >= 1 && port <= 65535 ? port : null
}

function parseCpus(text: string): number | null {
  const trimmed = text.trim().replace(',', '.')
  return /^\d*\.?\d+$/.test(trimmed) ? Number(trimmed) : null
}

/** Whether only the compute's own machine reaches this address. */
export function isLoopback(address: string): boolean {
  const trimmed = address.trim()
  return /^127(\.\d{1,3}){3}$/.test(trimmed) || trimmed === '::1'
}

/** Problems that keep a form from becoming a draft at all. */
export type LocalProblem = 'port' | 'memory' | 'cpus' | 'exposure' | 'compute' | 'reference'

/** What is wrong with what was typed, by field, before the application is asked. */
export function localProblems(form: WizardForm): Map<string, LocalProblem> {
  const problems = new Map<string, LocalProblem>()
  const typed = (text: string) => text.trim() !== ''
  if (!form.compute) problems.set('compute', 'compute')
  if (form.environment.kind === 'image' && !typed(form.environment.reference)) {
    problems.set('environment.reference', 'reference')
  }
  if (typed(form.hostPort) && parsePort(form.hostPort) === null) problems.set('hostPort', 'port')
  if (typed(form.targetPort) && parsePort(form.targetPort) === null) {
    problems.set('targetPort', 'port')
  }
  if (typed(form.memoryLimit) && parseSize(form.memoryLimit) === null) {
    problems.set('memoryLimit', 'memory')
  }
  if (typed(form.cpuLimit) && parseCpus(form.cpuLimit) === null) problems.set('cpuLimit', 'cpus')
  if (typed(form.bindAddress) && !isLoopback(form.bindAddress) && !form.confirmedExposure) {
    problems.set('confirmedExposure', 'exposure')
  }
  return problems
}

/** What is sent of a form. Fields with a local problem are sent as if they were empty. */
export function draftOf(form: WizardForm): RuntimeDraft {
  return {
    name: form.name.trim(),
    description: form.description.trim(),
    environment: environmentDraft(form.environment),
    hostPort: parsePort(form.hostPort) ?? 0,
    bindAddress: form.bindAddress.trim(),
    confirmedExposure: form.confirmedExposure && !isLoopback(form.bindAddress),
    targetPort: parsePort(form.targetPort),
    memoryLimit: form.memoryLimit.trim() ? parseSize(form.memoryLimit) : null,
    cpuLimit: form.cpuLimit.trim() ? parseCpus(form.cpuLimit) : null,
    variables: form.variables.map(({ name, value, confirmed }) => ({
      name: name.trim(),
      value,
      confirmed,
    })),
    mounts: form.mounts.map(({ source, target, readOnly }) => ({
      source: source.trim(),
      target: target.trim(),
      readOnly,
    })),
    restartPolicy: form.restartPolicy,
    startCommand: form.startCommand.trim(),
    healthPath: form.healthPath.trim(),
  }
}

export type WizardStep = 'name' | 'environment' | 'settings' | 'review'

export const wizardSteps: readonly WizardStep[] = ['name', 'environment', 'settings', 'review']

const NAME_FIELDS: ReadonlySet<string> = new Set(['compute', 'name', 'description'])
const ADVANCED_FIELDS: ReadonlySet<string> = new Set(['targetPort', 'startCommand', 'healthPath'])

/** The step that shows a field. */
export function stepOfField(field: string): WizardStep {
  if (NAME_FIELDS.has(field)) return 'name'
  return field.startsWith('environment') ? 'environment' : 'settings'
}

/** Whether a field is folded away under *Advanced*. */
export function isAdvanced(field: string): boolean {
  return ADVANCED_FIELDS.has(field)
}

/** The order of the fields on screen, for *the first bad one*. */
const ORDER = [
  'name',
  'compute',
  'description',
  'environment.repository',
  'environment.version',
  'environment.reference',
  'hostPort',
  'bindAddress',
  'confirmedExposure',
  'memoryLimit',
  'cpuLimit',
  'variables',
  'mounts',
  'restartPolicy',
  'targetPort',
  'startCommand',
  'healthPath',
]

/** Fields in the order in which they stand on screen. */
export function inOrder(fields: Iterable<string>): string[] {
  const place = (field: string) => {
    const [list, row] = field.split('.')
    const at = ORDER.indexOf(field)
    if (at >= 0) return at * 1000
    return ORDER.indexOf(list ?? field) * 1000 + Number(row ?? 0)
  }
  return [...fields].sort((one, other) => place(one) - place(other))
}

/** Takes a proposal into the fields that the person has not touched. */
export function withProposal(
  form: WizardForm,
  proposal: Proposal,
  touched: ReadonlySet<string>,
): WizardForm {
  return {
    ...form,
    name: touched.has('name') ? form.name : proposal.name,
    hostPort: touched.has('hostPort') ? form.hostPort : String(proposal.hostPort),
  }
}
