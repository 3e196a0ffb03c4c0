import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import type { ComputeId, EnvironmentView } from '../../backend/types'
import { withNamed } from '../../components/environment/choice'
import { versionsOn } from '../../components/environment/named'
import { SkeletonLines } from '../../components/Late'
import { Page } from '../../components/Page'
import { useAsk } from '../../state'
import { wizardDraft } from './draft'

/** Where a version is: the compute that has it, or that has any; `null` = the chosen one may stay. */
export function computeOf(
  environment: EnvironmentView | undefined,
  version: number | '',
  chosen: ComputeId,
): ComputeId | null {
  if (!environment) return null
  if (version !== '') {
    return environment.versions.find(({ number }) => number === version)?.compute ?? null
  }
  if (versionsOn(environment, chosen).length > 0) return null
  return environment.versions[0]?.compute ?? null
}

/** Takes the environment that the page's address asks for into the draft, then shows the steps. */
export function BeginWith({ environment, version }: { environment: string; version: number | '' }) {
  const { t } = useTranslation('wizard')
  const navigate = useNavigate()
  const { data, error } = useAsk('list_environments', {})
  const known = data !== undefined || error !== null
  useEffect(() => {
    if (!known) return
    const { form } = wizardDraft.get()
    const found = data?.environments.find(({ id }) => id === environment)
    const compute = computeOf(found, version, form.compute)
    wizardDraft.begin(withNamed(form.environment, environment, version), compute)
    // From now on the draft tells what is chosen: the address would bring it back after a change.
    navigate(paths.addRuntime(), { replace: true })
  }, [known, data, environment, version, navigate])
  return (
    <Page heading={t('heading')} back={{ label: t('progress.toRuntimes'), to: paths.runtimes }}>
      <SkeletonLines lines={6} height={28} />
    </Page>
  )
}
