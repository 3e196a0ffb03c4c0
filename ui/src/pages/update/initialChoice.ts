import type { Runtime, VersionCheck } from '../../backend/types'
import { defaultEnvironment, type EnvironmentChoice } from '../../components/environment/choice'

/**
 * What the dialog begins with: the environment that the runtime was made from, with the version
 * that was asked for. A runtime on an image of its own stays on that image's repository.
 */
export function initialChoice(
  runtime: Runtime,
  check: VersionCheck | undefined,
  version: string | undefined,
): EnvironmentChoice {
  const environment = runtime.spec?.environment
  if (environment?.kind === 'image') {
    const answer = check?.answer
    const offered = answer?.kind === 'newer' || answer?.kind === 'rebuilt' ? answer.image : null
    return {
      ...defaultEnvironment,
      kind: 'image',
      reference: offered ?? environment.reference,
    }
  }
  return {
    ...defaultEnvironment,
    repository: environment?.repository ?? '',
    version: version ?? '',
  }
}
