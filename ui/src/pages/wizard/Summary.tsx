import { makeStyles, Subtitle2, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { useEnvironmentTitle } from '../../components/environment/named'
import { isLoopback } from '../../components/settings/settingsForm'
import { cutMiddle, formatBytes } from '../../format'
import { useAsk, useComputes } from '../../state'
import { sizes } from '../../theme'
import { draftOf, localProblems, type WizardForm } from './form'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalXS,
    padding: tokens.spacingHorizontalL,
    borderRadius: tokens.borderRadiusLarge,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    backgroundColor: tokens.colorNeutralBackground2,
    overflowWrap: 'anywhere',
    maxWidth: sizes.formWidth,
    boxSizing: 'border-box',
  },
  heading: { color: tokens.colorNeutralForeground3 },
  words: { color: tokens.colorNeutralForeground2 },
})

/** What the wizard would do now, in a few lines. */
export function SummaryCard({ title, words }: { title: string; words: Array<string | null> }) {
  const styles = useStyles()
  const { t } = useTranslation('wizard')
  return (
    <aside className={styles.root} aria-label={t('summary.heading')}>
      <Text size={200} className={styles.heading}>
        {t('summary.heading')}
      </Text>
      <Subtitle2>{title}</Subtitle2>
      {words
        .filter((word) => word !== null)
        .map((word) => (
          <Text key={word} className={styles.words}>
            {word}
          </Text>
        ))}
    </aside>
  )
}

/** The runtime in a few lines, as it would be created now. */
export function Summary({ form }: { form: WizardForm }) {
  const { t } = useTranslation('wizard')
  const compute = useComputes().find(({ id }) => id === form.compute)
  const versions = useAsk(
    'list_versions',
    { compute: form.compute, repository: form.environment.repository || null },
    { enabled: form.compute !== '' && form.environment.kind === 'default' },
  )
  const { data } = versions
  const newest = data?.newest ?? (data?.onlyLatest ? 'latest' : null)
  const title = useEnvironmentTitle(form.environment, form.compute, newest)
  const draft = draftOf(form)
  const problems = localProblems(form)
  const words = [
    compute ? t('summary.on', { compute: compute.name }) : null,
    title ? cutMiddle(title, 64) : null,
    // What cannot be read is not summed up; its field says what is wrong.
    problems.has('hostPort')
      ? null
      : draft.hostPort === 0
        ? t('summary.portChosen')
        : t('summary.port', { port: draft.hostPort }),
    draft.bindAddress && !isLoopback(draft.bindAddress) ? t('summary.exposed') : null,
    problems.has('memoryLimit')
      ? null
      : draft.memoryLimit === null
        ? t('summary.noMemoryLimit')
        : t('summary.memory', { memory: formatBytes(draft.memoryLimit) }),
    draft.cpuLimit !== null ? t('summary.cpus', { count: draft.cpuLimit }) : null,
    form.variables.length > 0 ? t('summary.variables', { count: form.variables.length }) : null,
    form.mounts.length > 0 ? t('summary.mounts', { count: form.mounts.length }) : null,
  ]
  return <SummaryCard title={form.name.trim() || t('summary.noName')} words={words} />
}
