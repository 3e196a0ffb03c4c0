import { Field, Input, makeStyles, Spinner, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import { shortDigest } from '../../format'
import { useAsk } from '../../state'
import { Facts, LongValue } from '../Facts'
import { Moment } from '../Moment'
import { ProblemBar } from '../ProblemBar'
import { useSettled } from '../useSettled'
import { withImage } from './choice'
import type { EnvironmentFieldsProps } from './EnvironmentFields'
import { useDownloadWords } from './VersionWords'

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalM },
  preview: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalS,
    padding: tokens.spacingHorizontalM,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground3,
  },
  looking: { display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalS },
})

/** A reference to any image, looked at once it has stood still for a moment. */
export function ImageEnvironment({
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
  const download = useDownloadWords()
  const typed = choice.reference.trim()
  const reference = useSettled(typed, 500)
  const problem = problemOf('environment.reference')
  const settled = typed === reference
  const { data, error, isFetching, refetch } = useAsk(
    'preview_image',
    { compute, reference },
    { enabled: !brief && reference !== '' && settled && !problem },
  )
  const focus = () => document.getElementById(idOf('environment.reference'))?.focus()
  return (
    <div className={styles.root}>
      <Field
        label={t('image')}
        hint={t('imageHint')}
        {...(problem ? { validationMessage: problem } : {})}
      >
        <Input
          id={idOf('environment.reference')}
          value={choice.reference}
          autoComplete="off"
          spellCheck={false}
          onChange={(_, { value }) => onChange(withImage(choice, value))}
        />
      </Field>
      {isFetching ? (
        <div className={styles.looking} role="status">
          <Spinner size="extra-tiny" aria-hidden="true" />
          <Text>{t('previewing')}</Text>
        </div>
      ) : null}
      {error && settled && !isFetching ? (
        <ProblemBar
          problem={error.problem}
          onRetry={() => refetch()}
          remedies={{
            chooseImage: focus,
            addLogin: ({ registry }) => navigate(paths.connections(registry)),
            tryAgain: () => refetch(),
          }}
        />
      ) : null}
      {data && settled && !isFetching && !problem ? (
        <div className={styles.preview}>
          <Text weight="semibold">{t('preview')}</Text>
          <Facts
            facts={[
              {
                label: t('digest'),
                value: data.digest ? (
                  <LongValue
                    text={data.digest}
                    shown={shortDigest(data.digest)}
                    name={t('digest')}
                  />
                ) : null,
              },
              { label: t('created'), value: <Moment time={data.created} /> },
              { label: t('size'), value: download(data.downloadSize) },
              {
                label: t('ports'),
                value: data.ports.length > 0 ? data.ports.join(', ') : t('noPorts'),
              },
            ]}
          />
          {data.local ? <Text>{t('local')}</Text> : null}
        </div>
      ) : null}
    </div>
  )
}
