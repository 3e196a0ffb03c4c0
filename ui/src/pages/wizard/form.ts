import type { Proposal, RuntimeDraft } from '../../backend/types'
import {
  defaultEnvironment,
  type EnvironmentChoice,
  environmentDraft,
} from '../../components/environment/choice'
import {
  accessAndLimits,
  mountRequests,
  parsePort,
  type SettingsForm,
  type SettingsProblem,
  settingsProblems,
} from '../../components/settings/settingsForm'

/** The wizard's fields as typed: numbers and sizes are texts until they are sent. */
export interface WizardForm extends SettingsForm {
  compute: string
  name: string
  description: string
  environment: EnvironmentChoice
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

/** Problems that keep a form from becoming a draft at all. */
export type LocalProblem = SettingsProblem | 'compute' | 'reference'

/** What is wrong with what was typed, by field, before the application is asked. */
export function localProblems(form: WizardForm): Map<string, LocalProblem> {
  const problems = new Map<string, LocalProblem>(settingsProblems(form))
  const typed = (text: string) => text.trim() !== ''
  if (!form.compute) problems.set('compute', 'compute')
  if (form.environment.kind === 'image' && !typed(form.environment.reference)) {
    problems.set('environment.reference', 'reference')
  }
  if (typed(form.targetPort) && parsePort(form.targetPort) === null) {
    problems.set('targetPort', 'port')
  }
  return problems
}

/** What is sent of a form. Fields with a local problem are sent as if they were empty. */
export function draftOf(form: WizardForm): RuntimeDraft {
  return {
    name: form.name.trim(),
    description: form.description.trim(),
    environment: environmentDraft(form.environment),
    ...accessAndLimits(form),
    targetPort: parsePort(form.targetPort),
    variables: form.variables.map(({ name, value, confirmed }) => ({
      name: name.trim(),
      value: value ?? '',
      confirmed,
    })),
    mounts: mountRequests(form.mounts),
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
  'environment.named',
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
