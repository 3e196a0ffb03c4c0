import {
  Button,
  DialogActions,
  DialogContent,
  makeStyles,
  tokens,
} from '@fluentui/react-components'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ConfigurationPreview, Problem, Runtime } from '../../../backend/types'
import { ActiveRunsChoice } from '../../../components/decision/ActiveRunsChoice'
import { Block, Sentences } from '../../../components/decision/Block'
import { BusyButton } from '../../../components/decision/BusyButton'
import { Confirmations } from '../../../components/decision/Confirmations'
import { DecisionDialog } from '../../../components/decision/DecisionDialog'
import { NotStarted } from '../../../components/decision/Held'
import { ProgressInDialog } from '../../../components/decision/ProgressInDialog'
import { SettingChanges } from '../../../components/decision/SettingChanges'
import { ProblemBar } from '../../../components/ProblemBar'
import type { RemedyHandlers } from '../../../problems/remedies'
import { idOf } from './form'

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL },
})

function WhatItMeans({ preview, runtime }: { preview: ConfigurationPreview; runtime: Runtime }) {
  const { t } = useTranslation('configuration')
  const { running, replaces, changes, keepsPreviousDays } = preview
  const { name } = runtime
  const describes = changes.some(({ setting }) => setting.kind === 'description')
  return (
    <Block heading={t('whatHappens')}>
      <Sentences
        sentences={
          replaces
            ? [
                running ? t('proved', { name }) : t('stopped', { name }),
                running ? t('withoutService', { name }) : null,
                t('nothingLost'),
                t('kept', { count: keepsPreviousDays }),
              ]
            : [
                running ? t('inPlaceRunning', { name }) : t('inPlace', { name }),
                describes ? t('descriptionLater') : null,
              ]
        }
      />
    </Block>
  )
}

function Decision({
  runtime,
  preview,
  problem,
  starting,
  onApply,
  onClose,
  onReviewAgain,
}: {
  runtime: Runtime
  preview: ConfigurationPreview
  problem: Problem | null
  starting: boolean
  onApply: (decision: { confirmed: boolean; cancelRuns: boolean }) => void
  onClose: () => void
  onReviewAgain: () => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('configuration')
  const [confirmed, setConfirmed] = useState(false)
  const [cancelRuns, setCancelRuns] = useState(false)
  const [held, setHeld] = useState<'refused' | 'confirm' | null>(null)
  const { refusals, confirmations, replaces, running, activeRuns, changes } = preview
  const apply = () => {
    if (starting) return
    const reason =
      refusals.length > 0 ? 'refused' : confirmations.length > 0 && !confirmed ? 'confirm' : null
    setHeld(reason)
    if (reason === 'confirm') document.getElementById(idOf('confirm'))?.focus()
    if (reason === null) onApply({ confirmed, cancelRuns })
  }
  return (
    <>
      <DialogContent>
        <div className={styles.root}>
          {refusals.map((refusal) => (
            <ProblemBar key={refusal.sentence} problem={refusal} />
          ))}
          <Block heading={t('difference')}>
            <SettingChanges changes={changes} label={t('difference')} />
          </Block>
          <WhatItMeans preview={preview} runtime={runtime} />
          {replaces && running ? (
            <ActiveRunsChoice
              activeRuns={activeRuns}
              cancelRuns={cancelRuns}
              onChange={setCancelRuns}
            />
          ) : null}
          <Confirmations
            doubts={confirmations}
            id={idOf('confirm')}
            label={t('confirm')}
            confirmed={confirmed}
            asked={held === 'confirm' ? t('confirmFirst') : null}
            onChange={setConfirmed}
          />
          {held === 'refused' ? <NotStarted>{t('cannotChange')}</NotStarted> : null}
          {problem ? (
            <ProblemBar
              problem={problem}
              actions={
                problem.code === 'changedMeanwhile' ? (
                  <Button onClick={onReviewAgain}>{t('reviewAgain')}</Button>
                ) : null
              }
            />
          ) : null}
        </div>
      </DialogContent>
      <DialogActions fluid>
        <BusyButton busy={starting} onClick={apply}>
          {t('apply')}
        </BusyButton>
        <Button onClick={onClose}>{t('backToForm')}</Button>
      </DialogActions>
    </>
  )
}

/** The difference and what it means, then the progress of the change. It goes on when it is closed. */
export function ReviewDialog({
  runtime,
  preview,
  operation,
  problem,
  starting,
  remedies,
  onApply,
  onAgain,
  onReviewAgain,
  onClose,
}: {
  runtime: Runtime
  preview: ConfigurationPreview | null
  /** The change under way. */
  operation: string | null
  problem: Problem | null
  starting: boolean
  remedies: RemedyHandlers
  onApply: (decision: { confirmed: boolean; cancelRuns: boolean }) => void
  /** Tries the same once more. */
  onAgain: () => void
  onReviewAgain: () => void
  onClose: () => void
}) {
  const { t } = useTranslation('configuration')
  return (
    <DecisionDialog
      title={t('heading')}
      open={operation !== null || preview !== null}
      onClose={onClose}
    >
      {operation !== null ? (
        <ProgressInDialog
          key={operation}
          id={operation}
          onClose={onClose}
          onRetry={onAgain}
          retryLabel={t('again')}
          remedies={remedies}
          more={<Button onClick={onClose}>{t('backToForm')}</Button>}
        />
      ) : preview !== null ? (
        <Decision
          runtime={runtime}
          preview={preview}
          problem={problem}
          starting={starting}
          onApply={onApply}
          onClose={onClose}
          onReviewAgain={onReviewAgain}
        />
      ) : null}
    </DecisionDialog>
  )
}
