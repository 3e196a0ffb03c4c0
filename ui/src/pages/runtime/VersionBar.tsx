import { Button, MessageBar, MessageBarActions, MessageBarBody } from '@fluentui/react-components'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { problemOf } from '../../backend'
import type { Runtime, VersionAnswer, VersionCheck } from '../../backend/types'
import { useNotify } from '../../components/notify'
import { ProblemBar } from '../../components/ProblemBar'
import { formatAge, formatBytes } from '../../format'
import type { RemedyHandlers } from '../../problems/remedies'
import { useAction } from '../../state'
import { NewerBaseBar, NewerOfEnvironmentBar } from './EnvironmentBars'
import type { VersionState } from './useVersionCheck'
import { WhatChangesDialog } from './WhatChangesDialog'

export type Newer = Extract<VersionAnswer, { kind: 'newer' }>

/** Whether the person wants to hear of it now. */
export function isAnnounced(answer: Newer, now = Date.now()): boolean {
  return !answer.skipped && (answer.snoozedUntil === null || Date.parse(answer.snoozedUntil) <= now)
}

function NewerBar({
  runtime,
  check,
  answer,
  onUpdate,
  onDecided,
}: {
  runtime: Runtime
  check: VersionCheck
  answer: Newer
  onUpdate: (() => void) | null
  onDecided: () => void
}) {
  const { t } = useTranslation('runtime')
  const notify = useNotify()
  const [changes, setChanges] = useState(false)
  const skip = useAction('skip_version')
  const later = useAction('remind_later')
  const { version } = answer
  const decided = {
    onSuccess: onDecided,
    onError: (error: unknown) => notify.problem(problemOf(error)),
  }
  const facts = [
    version ?? t('version.latest'),
    answer.ageInDays === null ? '' : formatAge(answer.ageInDays),
    answer.downloadSize > 0
      ? t('version.download', { size: formatBytes(answer.downloadSize) })
      : t('version.nothingToDownload'),
    answer.securityFixes.length > 0
      ? t('version.security', { count: answer.securityFixes.length })
      : '',
  ].filter((fact) => fact !== '')
  return (
    <>
      <MessageBar intent="info">
        <MessageBarBody>{t('version.available', { facts: facts.join(', ') })}</MessageBarBody>
        <MessageBarActions>
          {onUpdate ? (
            <Button appearance="primary" onClick={onUpdate}>
              {t('action.update')}
            </Button>
          ) : null}
          <Button onClick={() => setChanges(true)}>{t('version.whatChanges')}</Button>
          {version ? (
            <>
              <Button
                appearance="subtle"
                onClick={() => skip.mutate({ runtime: runtime.id, version }, decided)}
              >
                {t('version.skip')}
              </Button>
              <Button
                appearance="subtle"
                onClick={() => later.mutate({ runtime: runtime.id, version }, decided)}
              >
                {t('version.later')}
              </Button>
            </>
          ) : null}
        </MessageBarActions>
      </MessageBar>
      {changes ? (
        <WhatChangesDialog
          check={check}
          answer={answer}
          onClose={() => setChanges(false)}
          onUpdate={
            onUpdate
              ? () => {
                  setChanges(false)
                  onUpdate()
                }
              : null
          }
        />
      ) : null}
    </>
  )
}

/** What the last version check means for this runtime; nothing while it is up to date. */
export function VersionBar({
  runtime,
  version,
  remedies,
  onUpdate,
}: {
  runtime: Runtime
  version: VersionState
  remedies: RemedyHandlers
  /** `null` while the runtime cannot be updated. */
  onUpdate: (() => void) | null
}) {
  const { t } = useTranslation('runtime')
  const { check, problem, checkNow } = version
  if (problem) return <ProblemBar problem={problem} remedies={remedies} onRetry={checkNow} />
  if (!check) return null
  const { answer } = check
  switch (answer.kind) {
    case 'newer':
      return isAnnounced(answer) ? (
        <NewerBar
          runtime={runtime}
          check={check}
          answer={answer}
          onUpdate={onUpdate}
          onDecided={version.refresh}
        />
      ) : null
    case 'newerOfEnvironment':
      return <NewerOfEnvironmentBar answer={answer} onUpdate={onUpdate} />
    case 'newerBase':
      return <NewerBaseBar answer={answer} />
    case 'rebuilt':
      return (
        <MessageBar intent="info">
          <MessageBarBody>
            {t('version.rebuilt', {
              download: t('version.download', { size: formatBytes(answer.downloadSize) }),
            })}
          </MessageBarBody>
          <MessageBarActions>
            {onUpdate ? <Button onClick={onUpdate}>{t('action.update')}</Button> : null}
          </MessageBarActions>
        </MessageBar>
      )
    case 'unknown':
      return (
        <ProblemBar
          problem={answer.because}
          outcome={t('version.unknown')}
          remedies={{ ...remedies, tryAgain: () => checkNow() }}
          onRetry={checkNow}
        />
      )
    case 'upToDate':
      return null
  }
}
