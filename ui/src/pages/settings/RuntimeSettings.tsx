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
  number: { maxWidth: '160px' },
  row: { display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalS },
  quiet: { color: tokens.colorNeutralForeground3, overflowWrap: 'anywhere' },
})

/** Hours between checks: never, up to a year. */
const HOURS = [0, 8760] as const

/** Seconds until a service has to be ready. */
const SECONDS = [10, 3600] as const

/** A whole number within bounds, or `null`. */
export function parseWithin(text: string, [least, most]: readonly [number, number]): number | null {
  const trimmed = text.trim()
  if (!/^\d{1,4}$/.test(trimmed)) return null
  const number = Number(trimmed)
  return number >= least && number <= most ? number : null
}

/** Where versions come from, how often they are looked for, and how long a start may take. */
export function RuntimeSettings({
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
  const [seconds, setSeconds] = useState<string | null>(null)
  const shownRepository = repository ?? settings.repository ?? ''
  const shownHours = hours ?? String(settings.checkEveryHours)
  const shownSeconds = seconds ?? String(settings.readyWithinSeconds)
  const parsedHours = parseWithin(shownHours, HOURS)
  const parsedSeconds = parseWithin(shownSeconds, SECONDS)
  const valid = parsedHours !== null && parsedSeconds !== null
  const wanted: Settings = {
    ...settings,
    repository: shownRepository.trim() || null,
    checkEveryHours: parsedHours ?? settings.checkEveryHours,
    readyWithinSeconds: parsedSeconds ?? settings.readyWithinSeconds,
  }
  const differs =
    !valid ||
    wanted.repository !== settings.repository ||
    wanted.checkEveryHours !== settings.checkEveryHours ||
    wanted.readyWithinSeconds !== settings.readyWithinSeconds
  const discard = () => {
    setRepository(null)
    setHours(null)
    setSeconds(null)
    save.reset()
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!valid || save.isPending) return
    save.mutate(wanted)
  }
  const problem = save.error?.problem
  const ofRepository = problem?.field === 'repository' ? problem : null
  return (
    <form noValidate className={styles.form} onSubmit={submit}>
      {info?.repositoryFromEnvironment ? (
        <MessageBar intent="info" layout="multiline" role="group">
          <MessageBarBody>{t('runtimes.fromEnvironment')}</MessageBarBody>
        </MessageBar>
      ) : null}
      <Field
        label={t('runtimes.repository')}
        hint={t('runtimes.repositoryHint')}
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
          {t('runtimes.inForce', { repositories: info.defaultRepositories.join(', ') })}
        </Text>
      ) : null}
      <Field
        label={t('runtimes.hours')}
        hint={t('runtimes.hoursHint')}
        {...(parsedHours === null ? { validationMessage: t('runtimes.hoursProblem') } : {})}
      >
        <Input
          className={styles.number}
          inputMode="numeric"
          value={shownHours}
          autoComplete="off"
          onChange={(_, { value }) => {
            setHours(value)
            save.reset()
          }}
        />
      </Field>
      <Field
        label={t('runtimes.ready')}
        hint={t('runtimes.readyHint')}
        {...(parsedSeconds === null ? { validationMessage: t('runtimes.readyProblem') } : {})}
      >
        <Input
          className={styles.number}
          inputMode="numeric"
          value={shownSeconds}
          autoComplete="off"
          onChange={(_, { value }) => {
            setSeconds(value)
            save.reset()
          }}
        />
      </Field>
      {problem && !ofRepository ? <ProblemBar problem={problem} /> : null}
      <div className={styles.row}>
        {differs ? (
          <>
            <Button type="submit" appearance="primary">
              {t('runtimes.save')}
            </Button>
            <Button onClick={discard}>{t('runtimes.discard')}</Button>
          </>
        ) : null}
        <span role="status">{save.isSuccess && !differs ? t('runtimes.saved') : ''}</span>
      </div>
    </form>
  )
}
