import { useTranslation } from 'react-i18next'
import type {
  ComputeId,
  Environment,
  EnvironmentVersionView,
  EnvironmentView,
  Runtime,
} from '../../backend/types'
import { formatPast } from '../../format'
import { useAsk } from '../../state'
import { type EnvironmentChoice, withImage, withNamed } from './choice'

export type Named = Extract<Environment, { kind: 'named' }>

/** The environment with a name that a runtime was made from; `null` for every other one. */
export function namedOf({ spec }: Runtime): Named | null {
  return spec?.environment.kind === 'named' ? spec.environment : null
}

/** The environment and version of such a runtime, short: `rag 3`. */
export function namedTitle(runtime: Runtime): string | null {
  const named = namedOf(runtime)
  return named && `${named.name} ${named.version}`
}

/** Versions that a compute has, newest first. */
export function versionsOn(
  environment: EnvironmentView,
  compute: ComputeId,
): EnvironmentVersionView[] {
  return environment.versions.filter((version) => version.compute === compute)
}

/** The number alone of `3.11.2 (/opt/venv/bin/python)`. */
export function pythonNumber({ python }: EnvironmentVersionView): string | null {
  return python?.split(' ')[0] || null
}

/**
 * What *Use customized environment* begins with: the first environment that the compute has a version
 * of, else an image.
 */
export function firstCustomized(
  choice: EnvironmentChoice,
  environments: readonly EnvironmentView[],
  compute: ComputeId,
): EnvironmentChoice {
  const first = environments.find((environment) => versionsOn(environment, compute).length > 0)
  return first ? withNamed(choice, first.id) : withImage(choice)
}

/** The chosen version: the one with its number wherever it is, or the newest on the compute. */
export function chosenVersion(
  environment: EnvironmentView,
  { environmentVersion }: EnvironmentChoice,
  compute: ComputeId,
): EnvironmentVersionView | undefined {
  return environmentVersion === ''
    ? versionsOn(environment, compute)[0]
    : environment.versions.find(({ number }) => number === environmentVersion)
}

/** What stands in a version, in a few words: Python and promptflow, as far as they are known. */
export function useVersionContents(): (version: EnvironmentVersionView) => string[] {
  const { t } = useTranslation('environment')
  return (version) => {
    const python = pythonNumber(version)
    return [
      python ? t('named.python', { version: python }) : null,
      version.promptflow ? t('promptflow', { version: version.promptflow }) : null,
    ].filter((word) => word !== null)
  }
}

/** Words of one version in a list. */
export function useNamedVersionLabel(): (version: EnvironmentVersionView) => string {
  const contents = useVersionContents()
  return (version) =>
    [String(version.number), formatPast(version.created), ...contents(version)].join(' · ')
}

/**
 * A choice in a few words: `rag, version 3`, a reference, or a version. The newest version of the
 * default environment is named once it is known.
 */
export function useEnvironmentTitle(
  choice: EnvironmentChoice,
  compute: ComputeId,
  newest: string | null,
): string | null {
  const { t } = useTranslation('environment')
  const { data } = useAsk('list_environments', {}, { enabled: choice.kind === 'named' })
  switch (choice.kind) {
    case 'default':
      return choice.version || newest
    case 'image':
      return choice.reference.trim() || null
    case 'named': {
      const found = data?.environments.find(({ id }) => id === choice.environment)
      if (!found) return null
      const number = choice.environmentVersion || chosenVersion(found, choice, compute)?.number
      return number ? t('named.title', { name: found.name, version: number }) : found.name
    }
  }
}
