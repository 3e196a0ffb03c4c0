import { Dropdown, Field, makeStyles, Option, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { EnvironmentVersionView, EnvironmentView } from '../../backend/types'
import { formatBytes, shortDigest } from '../../format'
import { Facts, LongValue } from '../Facts'
import { Moment } from '../Moment'
import { withNamed } from './choice'
import type { EnvironmentFieldsProps } from './EnvironmentFields'
import { chosenVersion, pythonNumber, useNamedVersionLabel, versionsOn } from './named'

const useStyles = makeStyles({
  card: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalS,
    padding: tokens.spacingHorizontalM,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground3,
  },
})

/** What is known of one version: it was built and proved, so all of it is. */
function VersionCard({ name, version }: { name: string; version: EnvironmentVersionView }) {
  const styles = useStyles()
  const { t } = useTranslation('environment')
  const title = t('named.title', { name, version: version.number })
  return (
    <section className={styles.card} aria-label={title}>
      <Text weight="semibold">{title}</Text>
      <Facts
        facts={[
          { label: t('created'), value: <Moment time={version.created} /> },
          { label: t('named.pythonLabel'), value: pythonNumber(version) },
          { label: t('named.promptflow'), value: version.promptflow },
          { label: t('named.tools'), value: version.tools },
          { label: t('named.packages'), value: version.packages },
          { label: t('named.size'), value: formatBytes(version.size) },
          {
            label: t('digest'),
            value: (
              <LongValue
                text={version.digest}
                shown={shortDigest(version.digest)}
                name={t('digest')}
              />
            ),
          },
        ]}
      />
    </section>
  )
}

/** Which version of an environment, and what that is. */
export function NamedVersion({
  environment,
  compute,
  choice,
  onChange,
  idOf,
  brief = false,
}: EnvironmentFieldsProps & { environment: EnvironmentView }) {
  const { t } = useTranslation('environment')
  const label = useNamedVersionLabel()
  const here = versionsOn(environment, compute)
  const [newest] = here
  const chosen = chosenVersion(environment, choice, compute)
  const newestLabel = newest ? t('named.newest', { version: newest.number }) : ''
  const shown =
    choice.environmentVersion === ''
      ? newestLabel
      : chosen
        ? label(chosen)
        : String(choice.environmentVersion)
  return (
    <>
      {here.length > 0 || shown ? (
        <Field label={t('version')}>
          <Dropdown
            id={idOf('environment.namedVersion')}
            value={shown}
            selectedOptions={[String(choice.environmentVersion)]}
            onOptionSelect={(_, { optionValue }) =>
              onChange(withNamed(choice, environment.id, optionValue ? Number(optionValue) : ''))
            }
          >
            {newest ? (
              <Option value="" text={newestLabel}>
                {newestLabel}
              </Option>
            ) : null}
            {here.map((version) => (
              <Option key={version.number} value={String(version.number)} text={label(version)}>
                {label(version)}
              </Option>
            ))}
          </Dropdown>
        </Field>
      ) : null}
      {chosen && !brief ? <VersionCard name={environment.name} version={chosen} /> : null}
    </>
  )
}
