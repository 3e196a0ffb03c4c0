import {
  Button,
  DialogActions,
  DialogContent,
  makeStyles,
  Text,
  tokens,
} from '@fluentui/react-components'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Problem, Runtime } from '../../../backend/types'
import { ActiveRunsChoice } from '../../../components/decision/ActiveRunsChoice'
import { Block, Sentences } from '../../../components/decision/Block'
import { BusyButton } from '../../../components/decision/BusyButton'
import { Confirmations } from '../../../components/decision/Confirmations'
import { Looking, NotStarted } from '../../../components/decision/Held'
import { ProblemBar } from '../../../components/ProblemBar'
import { useAsk } from '../../../state'
import { Refusals } from './Refusals'

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL },
})

const CONFIRM = 'manage-confirm'

/** What the person has decided. */
export interface ManageDecision {
  confirmed: boolean
  cancelRuns: boolean
}

function WhatHappens({ runtime }: { runtime: Runtime }) {
  const { t } = useTranslation('adopt')
  const { name } = runtime
  const running = runtime.started !== null
  return (
    <Block heading={t('manage.whatHappens')}>
      <Sentences
        sentences={[
          running ? t('manage.proved', { name }) : t('manage.stopped', { name }),
          running ? t('manage.withoutService', { name }) : null,
          t('manage.nothingLost'),
          t('manage.inside'),
          t('manage.kept'),
          t('manage.then', { name }),
        ]}
      />
    </Block>
  )
}

/** What managing a runtime fully means, and why it cannot be done or what is to be confirmed first. */
export function ManageForm({
  runtime,
  doubt,
  problem,
  starting,
  onManage,
  onClose,
}: {
  runtime: Runtime
  /** What the last try was refused for, unless it is confirmed. */
  doubt: Problem | null
  /** Why the last try did not even begin. */
  problem: Problem | null
  starting: boolean
  onManage: (decision: ManageDecision) => void
  onClose: () => void
}) {
  const styles = useStyles()
  const { t } = useTranslation(['adopt', 'decision'])
  const detail = useAsk('runtime_detail', { runtime: runtime.id }, { staleTime: 0 })
  const [confirmed, setConfirmed] = useState(false)
  const [cancelRuns, setCancelRuns] = useState(false)
  const [held, setHeld] = useState<'looking' | 'refused' | 'confirm' | null>(null)
  const refusals = detail.data?.cannotUpdate ?? []
  // What is refused anyway cannot be confirmed.
  const doubts =
    doubt && !refusals.some(({ sentence }) => sentence === doubt.sentence) ? [doubt] : []
  const looking = detail.isPending
  const manage = () => {
    if (starting) return
    const reason = looking
      ? 'looking'
      : refusals.length > 0
        ? 'refused'
        : doubts.length > 0 && !confirmed
          ? 'confirm'
          : null
    setHeld(reason)
    if (reason === 'confirm') document.getElementById(CONFIRM)?.focus()
    if (reason === null) onManage({ confirmed, cancelRuns })
  }
  return (
    <>
      <DialogContent>
        <div className={styles.root}>
          {looking ? <Looking>{t('manage.looking')}</Looking> : null}
          {detail.error ? (
            <ProblemBar problem={detail.error.problem} onRetry={() => detail.refetch()} />
          ) : null}
          <Refusals refusals={refusals} />
          <WhatHappens runtime={runtime} />
          {runtime.started !== null && refusals.length === 0 ? (
            <ActiveRunsChoice
              activeRuns={{ kind: 'unknown' }}
              cancelRuns={cancelRuns}
              onChange={setCancelRuns}
            />
          ) : null}
          <Confirmations
            doubts={doubts}
            id={CONFIRM}
            label={t('manage.confirm')}
            confirmed={confirmed}
            asked={held === 'confirm' ? t('manage.confirmFirst') : null}
            onChange={setConfirmed}
          />
          {held === 'looking' && looking ? (
            <Text role="status">{t('manage.stillLooking')}</Text>
          ) : null}
          {held === 'refused' ? <NotStarted>{t('manage.cannot')}</NotStarted> : null}
          {problem ? <ProblemBar problem={problem} /> : null}
        </div>
      </DialogContent>
      <DialogActions fluid>
        <BusyButton busy={starting} onClick={manage}>
          {t('action.manage')}
        </BusyButton>
        <Button onClick={onClose}>{t('decision:cancel')}</Button>
      </DialogActions>
    </>
  )
}
