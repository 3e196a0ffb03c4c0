import { Text } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { Problem, Preflight as Results } from '../../backend/types'
import { useEnvironmentTitle } from '../../components/environment/named'
import { type Fact, Facts } from '../../components/Facts'
import { useFieldStyles } from '../../components/settings/fieldStyles'
import { isLoopback } from '../../components/settings/settingsForm'
import { formatBytes } from '../../format'
import type { RemedyHandlers } from '../../problems/remedies'
import { useComputes } from '../../state'
import { draftOf, type WizardForm } from './form'
import { Preflight } from './Preflight'

function useFacts(form: WizardForm, results: Results | undefined, compute: string): Fact[] {
  const { t } = useTranslation(['wizard', 'environment', 'fields'])
  const title = useEnvironmentTitle(form.environment, form.compute, null)
  const named = form.environment.kind === 'named' ? title : null
  const draft = draftOf(form)
  const address =
    draft.hostPort === 0
      ? `${draft.bindAddress}, ${t('review.engineChooses')}`
      : `${draft.bindAddress}:${draft.hostPort}`
  const facts: Array<Fact | null> = [
    { label: t('name.name'), value: draft.name },
    { label: t('name.compute'), value: compute },
    draft.description ? { label: t('name.description'), value: draft.description } : null,
    {
      label: t('step.environment'),
      value: named ?? results?.image ?? title ?? t('environment:newest'),
    },
    { label: t('fields:hostPort'), value: address },
    {
      label: t('fields:memory'),
      value: draft.memoryLimit === null ? t('review.noLimit') : formatBytes(draft.memoryLimit),
    },
    { label: t('fields:cpus'), value: draft.cpuLimit ?? t('review.noLimit') },
    draft.variables.length > 0
      ? {
          label: t('fields:variables'),
          value: draft.variables.map(({ name }) => t('review.hidden', { name })).join(', '),
        }
      : null,
    draft.mounts.length > 0
      ? {
          label: t('fields:mounts'),
          value: draft.mounts
            .map(({ source, target, readOnly }) =>
              t(readOnly ? 'review.mountReadOnly' : 'review.mount', { source, target }),
            )
            .join(', '),
        }
      : null,
    {
      label: t('fields:restartPolicy'),
      value: t(`fields:policy.${draft.restartPolicy}`),
    },
    draft.targetPort !== null ? { label: t('settings.targetPort'), value: draft.targetPort } : null,
    draft.startCommand ? { label: t('settings.startCommand'), value: draft.startCommand } : null,
    draft.healthPath ? { label: t('settings.healthPath'), value: draft.healthPath } : null,
  ]
  return facts.filter((fact) => fact !== null)
}

function Affected({
  form,
  results,
  compute,
}: {
  form: WizardForm
  results: Results | undefined
  compute: string
}) {
  const shared = useFieldStyles()
  const { t } = useTranslation('wizard')
  const draft = draftOf(form)
  const port = draft.hostPort === 0 ? '' : `:${draft.hostPort}`
  const address = `${draft.bindAddress}${port}`
  const size = results?.downloadSize
  const writable = draft.mounts.filter(({ readOnly }) => !readOnly).map(({ source }) => source)
  const sentences = [
    t('review.affectedNew', { name: draft.name, compute }),
    size ? t('review.affectedDownload', { size: formatBytes(size), compute }) : null,
    isLoopback(draft.bindAddress)
      ? t('review.affectedLocal', { address })
      : t('review.affectedExposed', { address }),
    writable.length > 0 ? t('review.affectedMounts', { mounts: writable.join(', ') }) : null,
  ].filter((sentence) => sentence !== null)
  return (
    <section className={shared.group} aria-label={t('review.affected')}>
      <Text as="h3" className={shared.legend}>
        {t('review.affected')}
      </Text>
      <ul className={shared.list}>
        {sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </section>
  )
}

/** Last step: everything at once, whether it can be done, and whom it touches. */
export function ReviewStep({
  form,
  results,
  running,
  problem,
  remedies,
  onAgain,
}: {
  form: WizardForm
  results: Results | undefined
  running: boolean
  problem: Problem | null
  remedies: RemedyHandlers
  onAgain: () => void
}) {
  const shared = useFieldStyles()
  const { t } = useTranslation('wizard')
  const compute = useComputes().find(({ id }) => id === form.compute)?.name ?? form.compute
  const facts = useFacts(form, running ? undefined : results, compute)
  return (
    <div className={shared.fields}>
      <section className={shared.group} aria-label={t('review.values')}>
        <Text as="h3" className={shared.legend}>
          {t('review.values')}
        </Text>
        <Facts facts={facts} />
      </section>
      <Preflight
        results={results}
        running={running}
        problem={problem}
        remedies={remedies}
        onAgain={onAgain}
      />
      <Affected form={form} results={running ? undefined : results} compute={compute} />
    </div>
  )
}
