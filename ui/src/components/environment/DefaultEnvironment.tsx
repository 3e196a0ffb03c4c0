import {
  Button,
  Dropdown,
  Field,
  Input,
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
  Option,
  Text,
  tokens,
} from '@fluentui/react-components'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import type { VersionChoice, VersionChoices } from '../../backend/types'
import { formatAge } from '../../format'
import { useAsk } from '../../state'
import { SkeletonLines } from '../Late'
import { ProblemBar } from '../ProblemBar'
import { type EnvironmentChoice, withImage } from './choice'
import type { EnvironmentFieldsProps } from './EnvironmentFields'
import { useDownloadWords, VersionWords } from './VersionWords'

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalM },
  chosen: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalXS,
    padding: tokens.spacingHorizontalM,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground3,
  },
  facts: {
    display: 'flex',
    flexWrap: 'wrap',
    columnGap: tokens.spacingHorizontalM,
    color: tokens.colorNeutralForeground2,
  },
  from: { color: tokens.colorNeutralForeground3, overflowWrap: 'anywhere' },
})

/** Words of one version in the list. */
function useVersionLabel(): (choice: VersionChoice) => string {
  const { t } = useTranslation('environment')
  return ({ version, ageInDays, facts }) =>
    [
      version,
      formatAge(ageInDays),
      facts?.knownBad ? t('knownBad') : null,
      facts?.security ? t('security') : null,
    ]
      .filter((word) => word !== null)
      .join(' · ')
}

/** The version that would be used: date, size and what is known of it. */
function ChosenVersion({
  choices,
  choice,
  compute,
}: {
  choices: VersionChoices
  choice: EnvironmentChoice
  compute: string
}) {
  const styles = useStyles()
  const { t } = useTranslation('environment')
  const download = useDownloadWords()
  const version = choice.version || choices.newest
  const isNewest = version === choices.newest
  const reference = version && !isNewest ? `${choices.repository}:${version}` : ''
  const other = useAsk('preview_image', { compute, reference }, { enabled: reference !== '' })
  const entry = choices.versions.find((one) => one.version === version)
  const size = isNewest ? choices.newestDownloadSize : other.data?.downloadSize
  if (!version && !choices.onlyLatest) {
    return <Text>{t(choices.versions.length > 0 ? 'noGoodVersion' : 'noVersion')}</Text>
  }
  return (
    <div className={styles.chosen}>
      <Text weight="semibold">{version ?? t('latestOnly')}</Text>
      <div className={styles.facts}>
        {entry ? <Text>{formatAge(entry.ageInDays)}</Text> : null}
        <Text>{download(size)}</Text>
      </div>
      {version ? <VersionWords facts={entry?.facts ?? null} /> : <Text>{t('latestOnlyHint')}</Text>}
      <Text size={200} className={styles.from}>
        {t('from', { repository: choices.repository })}
      </Text>
      {other.error ? <ProblemBar problem={other.error.problem} /> : null}
    </div>
  )
}

function RepositoryField({
  value,
  problem,
  id,
  placeholder,
  onApply,
}: {
  value: string
  problem: string | undefined
  id: string
  placeholder: string | undefined
  onApply: (repository: string) => void
}) {
  const { t } = useTranslation('environment')
  const [typed, setTyped] = useState(value)
  useEffect(() => setTyped(value), [value])
  const apply = () => {
    if (typed.trim() !== value) onApply(typed.trim())
  }
  return (
    <Field
      label={t('repository')}
      hint={t('repositoryHint')}
      {...(problem ? { validationMessage: problem } : {})}
    >
      <Input
        id={id}
        value={typed}
        placeholder={placeholder ?? ''}
        onChange={(_, data) => setTyped(data.value)}
        onBlur={apply}
        onKeyDown={(event) => {
          // Enter looks into the repository; it goes on only when there is nothing new to look at.
          if (event.key === 'Enter' && typed.trim() !== value) {
            event.preventDefault()
            apply()
          }
        }}
      />
    </Field>
  )
}

/** The default environment: the repository's newest good version, or another one. */
export function DefaultEnvironment({
  compute,
  choice,
  onChange,
  problemOf,
  idOf,
  brief = false,
}: EnvironmentFieldsProps) {
  const styles = useStyles()
  const { t } = useTranslation('environment')
  const navigate = useNavigate()
  const label = useVersionLabel()
  const repositoryId = idOf('environment.repository')
  // A version may have been published since this was last looked at; what is known shows meanwhile.
  const { data, error, isFetching, refetch } = useAsk(
    'list_versions',
    { compute, repository: choice.repository || null },
    { staleTime: 0 },
  )
  const problem = error?.problem ?? data?.problem ?? null
  const askForRepository = () => document.getElementById(repositoryId)?.focus()
  const chosen = data?.versions.find(({ version }) => version === choice.version)
  const takeImage = () => onChange(withImage(choice))
  return (
    <div className={styles.root}>
      {isFetching && !data ? (
        <div role="status" aria-label={t('looking')}>
          <SkeletonLines lines={3} />
        </div>
      ) : null}
      {problem && !isFetching ? (
        <ProblemBar
          problem={problem}
          onRetry={() => refetch()}
          remedies={{
            useMirror: askForRepository,
            chooseImage: takeImage,
            addLogin: ({ registry }) => navigate(paths.connections(registry)),
            tryAgain: () => refetch(),
          }}
          actions={<Button onClick={takeImage}>{t('imageInstead')}</Button>}
        />
      ) : null}
      {data && !data.problem ? (
        <>
          {brief ? null : <ChosenVersion choices={data} choice={choice} compute={compute} />}
          {data.versions.length > 0 ? (
            <Field
              label={t('version')}
              {...(problemOf('environment.version')
                ? { validationMessage: problemOf('environment.version') }
                : {})}
            >
              <Dropdown
                id={idOf('environment.version')}
                value={
                  chosen
                    ? label(chosen)
                    : choice.version
                      ? choice.version
                      : data.newest
                        ? t('newestNamed', { version: data.newest })
                        : ''
                }
                selectedOptions={[choice.version]}
                onOptionSelect={(_, { optionValue }) =>
                  onChange({ ...choice, version: optionValue ?? '' })
                }
              >
                {data.newest ? (
                  <Option value="" text={t('newestNamed', { version: data.newest })}>
                    {t('newestNamed', { version: data.newest })}
                  </Option>
                ) : null}
                {data.versions.map((one) => (
                  <Option key={one.version} value={one.version} text={label(one)}>
                    {label(one)}
                  </Option>
                ))}
              </Dropdown>
            </Field>
          ) : null}
          {chosen?.facts?.knownBad && !brief ? (
            <MessageBar intent="warning" layout="multiline">
              <MessageBarBody>
                <MessageBarTitle>{t('knownBadTitle')}</MessageBarTitle>
                {t('knownBadBody')}
              </MessageBarBody>
            </MessageBar>
          ) : null}
        </>
      ) : null}
      <RepositoryField
        id={repositoryId}
        value={choice.repository}
        placeholder={choice.repository ? undefined : data?.repository}
        problem={problemOf('environment.repository')}
        onApply={(repository) => onChange({ ...choice, repository, version: '' })}
      />
    </div>
  )
}
