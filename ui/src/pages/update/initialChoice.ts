import type { Runtime, VersionCheck } from '../../backend/types'
import {
  defaultEnvironment,
  type EnvironmentChoice,
  withImage,
  withNamed,
} from '../../components/environment/choice'

/**
 * What the dialog begins with: the environment that the runtime was made from, with the version
 * that was asked for. A runtime on an image of its own stays on that image's repository, one of an
 * environment with a name takes the version that the check found, else its newest on the compute. Of
 * one that was adopted only its image is known.
 */
export function initialChoice(
  runtime: Runtime,
  check: VersionCheck | undefined,
  version: string | undefined,
): EnvironmentChoice {
  const environment = runtime.spec?.environment
  const reference =
    environment?.kind === 'image'
      ? environment.reference
      : !environment && runtime.adopted !== null
        ? runtime.image
        : null
  if (reference !== null) {
    const answer = check?.answer
    const offered = answer?.kind === 'newer' || answer?.kind === 'rebuilt' ? answer.image : null
    return withImage(defaultEnvironment, offered ?? reference)
  }
  if (environment?.kind === 'named') {
    const answer = check?.answer
    const offered =
      answer?.kind === 'newerOfEnvironment' && answer.environment === environment.id
        ? answer.to
        : ''
    return withNamed(defaultEnvironment, environment.id, offered)
  }
  return {
    ...defaultEnvironment,
    repository: environment?.kind === 'default' ? environment.repository : '',
    version: version ?? '',
  }
}
