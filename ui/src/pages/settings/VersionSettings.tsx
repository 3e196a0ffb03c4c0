import {
  Button,
  Field,
  Input,
  MessageBar,
  MessageBarBody,
  makeStyles,
  Text,
  tokens,
} from '@fluentui/react-components'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AppInfo, Settings } from '../../backend/types'
import { ProblemBar } from '../../components/ProblemBar'
import { useAction } from '../../state'

const useStyles = makeStyles({
  form: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalM },
  hours: { maxWidth: '160px' },
  row: { display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalS },
  quiet: { color: tokens.colorNeutralForeground3, overflowWrap: 'anywhere' },
})

/** A year. */
const MOST_HOURS = 8760

/** Whole hours, or `null`. */
export function parseHours(text: string): number | null {
  const trimmed = text.trim()
  if (!/^\d{1,4}$/.test(trimmed)) return null
  const hours = Number(trimmed)
  return hours <= MOST_HOURS ? hours : null
}

/** Where versions come from, and how often they are looked for. */
export function VersionSettings({
  settings,
  info,
}: {
  settings: Settings
  info: AppInfo | undefined
}) {
  const styles = useStyles()
  const { t } = useTranslation('settings')
  const save = useAction('change_settings')
  // What was typed; `null` follows the settings.
  const [repository, setRepository] = useState<string | null>(null)
  const [hours, setHours] = useState<string | null>(null)
  const shownRepository = repository ?? settings.repository ?? ''
  const shownHours = hours ?? String(settings.checkEveryHours)
  const parsed = parseHours(shownHours)
  const wanted: Settings = {
    ...settings,
    repository: shownRepository.trim() || null,
    checkEveryHours: parsed ?? settings.checkEveryHours,
  }
  const differs =
    wanted.repository !== settings.repository ||
    parsed === null ||
    wanted.checkEveryHours !== settings.checkEveryHours
  const discard = () => {
    setRepository(null)
    setHours(null)
    save.reset()
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (parsed === null || save.isPending) return
    save.mutate(wanted)
  }
  const problem = save.error?.problem
  const ofRepository = problem?.field === 'repository' ? problem : null
  return (
    <form noValidate className={styles.form} onSubmit={submit}>
      {info?.repositoryFromEnvironment ? (
        <MessageBar intent="info" layout="multiline" role="group">
          <MessageBarBody>{t('versions.fromEnvironment')}</MessageBarBody>
        </MessageBar>
      ) : null}
      <Field
        label={t('versions.repository')}
        hint={t('versions.repositoryHint')}
        {...(ofRepository
          ? { validationMessage: [ofRepository.sentence, ...ofRepository.hints].join(' ') }
          : {})}
      >
        <Input
          value={shownRepository}
          autoComplete="off"
          spellCheck={false}
          onChange={(_, { value }) => {
            setRepository(value)
            save.reset()
          }}
        />
      </Field>
      {info ? (
        <Text size={200} className={styles.quiet}>
          {t('versions.inForce', { repositories: info.defaultRepositories.join(', ') })}
        </Text>
      ) : null}
      <Field
        label={t('versions.hours')}
        hint={t('versions.hoursHint')}
        {...(parsed === null ? { validationMessage: t('versions.hoursProblem') } : {})}
      >
        <Input
          className={styles.hours}
          inputMode="numeric"
          value={shownHours}
          autoComplete="off"
          onChange={(_, { value }) => {
            setHours(value)
            save.reset()
          }}
        />
      </Field>
      {problem && !ofRepository ? <ProblemBar problem={problem} /> : null}
      <div className={styles.row}>
        {differs ? (
          <>
            <Button type="submit" appearance="primary">
              {t('versions.save')}
            </Button>
            <Button onClick={discard}>{t('versions.discard')}</Button>
          </>
        ) : null}
        <span role="status">{save.isSuccess && !differs ? t('versions.saved') : ''}</span>
      </div>
    </form>
  )
}
