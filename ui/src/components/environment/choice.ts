import type { EnvironmentDraft } from '../../backend/types'

/** An environment as it is being chosen: both kinds keep what was typed while one is shown. */
export interface EnvironmentChoice {
  kind: EnvironmentDraft['kind']
  /** Empty = the default repository. */
  repository: string
  /** Empty = the newest good version. */
  version: string
  reference: string
}

export const defaultEnvironment: EnvironmentChoice = {
  kind: 'default',
  repository: '',
  version: '',
  reference: '',
}

/** What is sent of a choice. */
export function environmentDraft(choice: EnvironmentChoice): EnvironmentDraft {
  if (choice.kind === 'image') return { kind: 'image', reference: choice.reference.trim() }
  return {
    kind: 'default',
    repository: choice.repository.trim() || null,
    version: choice.version || null,
  }
}

/** The choice in a few words; the newest version is named once it is known. */
export function environmentTitle(choice: EnvironmentChoice, newest: string | null): string | null {
  if (choice.kind === 'image') return choice.reference.trim() || null
  return choice.version || newest
}

/** The field that differs between two choices; `environment` when only the kind does. */
export function changedField(before: EnvironmentChoice, after: EnvironmentChoice): string {
  const fields = ['repository', 'version', 'reference'] as const
  const changed = fields.find((field) => before[field] !== after[field])
  return changed ? `environment.${changed}` : 'environment.kind'
}
