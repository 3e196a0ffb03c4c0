import type { EnvironmentDraft } from '../../backend/types'

/** An environment as it is being chosen: every kind keeps what was chosen while another is shown. */
export interface EnvironmentChoice {
  kind: EnvironmentDraft['kind']
  /** Empty = the default repository. */
  repository: string
  /** Empty = the newest good version. */
  version: string
  reference: string
  /** The id of an environment with a name; empty = none yet. */
  environment: string
  /** Empty = its newest version on the compute. */
  environmentVersion: number | ''
  /** What was chosen last of the customized kinds; `null` = the person has not come to them yet. */
  customized: 'image' | 'named' | null
}

export const defaultEnvironment: EnvironmentChoice = {
  kind: 'default',
  repository: '',
  version: '',
  reference: '',
  environment: '',
  environmentVersion: '',
  customized: null,
}

/** The choice with an image by its reference. */
export function withImage(choice: EnvironmentChoice, reference?: string): EnvironmentChoice {
  return {
    ...choice,
    kind: 'image',
    customized: 'image',
    reference: reference ?? choice.reference,
  }
}

/** The choice with an environment that has a name, in this version. */
export function withNamed(
  choice: EnvironmentChoice,
  environment: string,
  environmentVersion: number | '' = '',
): EnvironmentChoice {
  return { ...choice, kind: 'named', customized: 'named', environment, environmentVersion }
}

/** What is sent of a choice. */
export function environmentDraft(choice: EnvironmentChoice): EnvironmentDraft {
  switch (choice.kind) {
    case 'image':
      return { kind: 'image', reference: choice.reference.trim() }
    case 'named':
      return {
        kind: 'named',
        environment: choice.environment,
        version: choice.environmentVersion === '' ? null : choice.environmentVersion,
      }
    case 'default':
      return {
        kind: 'default',
        repository: choice.repository.trim() || null,
        version: choice.version || null,
      }
  }
}

/** The field that differs between two choices; `environment.kind` when only the kind does. */
export function changedField(before: EnvironmentChoice, after: EnvironmentChoice): string {
  const fields = ['repository', 'version', 'reference'] as const
  const changed = fields.find((field) => before[field] !== after[field])
  if (changed) return `environment.${changed}`
  const { environment, environmentVersion } = before
  return environment === after.environment && environmentVersion === after.environmentVersion
    ? 'environment.kind'
    : 'environment.named'
}
