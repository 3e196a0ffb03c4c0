import { makeStyles, Subtitle2, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { environmentTitle } from '../../components/environment/choice'
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

/** The runtime in a few lines, as it would be created now. */
export function Summary({ form }: { form: WizardForm }) {
  const styles = useStyles()
  const { t } = useTranslation('wizard')
  const compute = useComputes().find(({ id }) => id === form.compute)
  const versions = useAsk(
    'list_versions',
    { compute: form.compute, repository: form.environment.repository || null },
    { enabled: form.compute !== '' && form.environment.kind === 'default' },
  )
  const { data } = versions
  const newest = data?.newest ?? (data?.onlyLatest ? 'latest' : null)
  const title = environmentTitle(form.environment, newest)
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
  ].filter((word) => word !== null)
  return (
    <aside className={styles.root} aria-label={t('summary.heading')}>
      <Text size={200} className={styles.heading}>
        {t('summary.heading')}
      </Text>
      <Subtitle2>{form.name.trim() || t('summary.noName')}</Subtitle2>
      {words.map((word) => (
        <Text key={word} className={styles.words}>
          {word}
        </Text>
      ))}
    </aside>
  )
}
