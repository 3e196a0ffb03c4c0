import {
  Button,
  DialogActions,
  DialogContent,
  makeStyles,
  Text,
  tokens,
} from '@fluentui/react-components'
import { type FormEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Problem, Runtime, UpdateRuntime } from '../../backend/types'
import { ActiveRunsChoice } from '../../components/decision/ActiveRunsChoice'
import { BusyButton } from '../../components/decision/BusyButton'
import { Confirmations } from '../../components/decision/Confirmations'
import { Looking, NotStarted } from '../../components/decision/Held'
import { type EnvironmentChoice, environmentDraft } from '../../components/environment/choice'
import { EnvironmentFields } from '../../components/environment/EnvironmentFields'
import { namedOf, useEnvironmentTitle } from '../../components/environment/named'
import { ProblemBar } from '../../components/ProblemBar'
import { useSettled } from '../../components/useSettled'
import { useAsk } from '../../state'
import { FromTo, WhatChanges, WhatHappens } from './Blocks'

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL },
  form: { display: 'contents' },
})

const idOf = (field: string): string => `update-${field.replaceAll('.', '-')}`

/** Why *Update* did not start. */
type Held = 'looking' | 'refused' | 'confirm' | 'reference'

/** What to update to, what that changes, and what it does to the runtime. */
export function UpdateForm({
  runtime,
  choice,
  onChoice,
  problem,
  starting,
  onUpdate,
  onClose,
}: {
  runtime: Runtime
  choice: EnvironmentChoice
  onChoice: (choice: EnvironmentChoice) => void
  /** Why the last try did not even begin. */
  problem: Problem | null
  starting: boolean
  onUpdate: (request: UpdateRuntime) => void
  onClose: () => void
}) {
  const styles = useStyles()
  const { t } = useTranslation(['update', 'decision', 'environment'])
  const [confirmedFor, setConfirmedFor] = useState<string | null>(null)
  const [cancelRuns, setCancelRuns] = useState(false)
  const [held, setHeld] = useState<Held | null>(null)
  const refusals = useRef<HTMLDivElement>(null)
  const key = JSON.stringify(environmentDraft(choice))
  const settledKey = useSettled(key, 400)
  const environment = JSON.parse(settledKey) as ReturnType<typeof environmentDraft>
  const empty = environment.kind === 'image' && environment.reference === ''
  const settled = key === settledKey
  const preview = useAsk(
    'preview_update',
    { runtime: runtime.id, environment },
    { enabled: !empty, staleTime: 0 },
  )
  const { data, error } = preview
  const made = namedOf(runtime)
  const title = useEnvironmentTitle(choice, runtime.compute, null)
  const looking = !empty && (!settled || preview.isFetching)
  const fieldProblem = error?.problem.field ? error.problem : null
  // Confirmed is what was shown, not whatever is chosen afterwards.
  const confirmed = confirmedFor === settledKey
  const change = (next: EnvironmentChoice) => {
    setHeld(null)
    onChoice(next)
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (starting) return
    const reason: Held | null = empty
      ? 'reference'
      : looking
        ? 'looking'
        : !data || data.refusals.length > 0 || data.sameImage
          ? 'refused'
          : data.confirmations.length > 0 && !confirmed
            ? 'confirm'
            : null
    setHeld(reason)
    if (reason === 'refused') refusals.current?.focus()
    else if (reason === 'confirm') document.getElementById(idOf('confirm'))?.focus()
    else if (reason === 'reference') document.getElementById(idOf('environment.reference'))?.focus()
    else if (reason === null) {
      const shown = data ? { shown: data.to.digest } : {}
      onUpdate({ runtime: runtime.id, environment, confirmed, cancelRuns, ...shown })
    }
  }
  return (
    <form noValidate className={styles.form} onSubmit={submit}>
      <DialogContent>
        <div className={styles.root}>
          <EnvironmentFields
            compute={runtime.compute}
            choice={choice}
            onChange={change}
            problemOf={(field) =>
              field === 'environment.reference' && empty && held === 'reference'
                ? t('noReference')
                : fieldProblem?.field === field
                  ? fieldProblem.sentence
                  : undefined
            }
            idOf={idOf}
            brief
          />
          <div ref={refusals} tabIndex={-1} className={styles.root}>
            {looking ? <Looking>{t('looking')}</Looking> : null}
            {error && !looking && !fieldProblem ? (
              <ProblemBar problem={error.problem} onRetry={() => preview.refetch()} />
            ) : null}
            {data && !looking ? (
              <>
                {data.refusals.map((refusal) => (
                  <ProblemBar key={refusal.sentence} problem={refusal} />
                ))}
                <FromTo
                  from={data.from}
                  to={data.to}
                  titles={{
                    from: made
                      ? t('environment:named.title', { name: made.name, version: made.version })
                      : null,
                    to: choice.kind === 'named' ? title : null,
                  }}
                />
                <WhatChanges preview={data} runtime={runtime} />
                {data.sameImage ? null : (
                  <>
                    <WhatHappens preview={data} runtime={runtime} />
                    {data.running ? (
                      <ActiveRunsChoice
                        activeRuns={data.activeRuns}
                        cancelRuns={cancelRuns}
                        onChange={setCancelRuns}
                      />
                    ) : null}
                  </>
                )}
                <Confirmations
                  doubts={data.confirmations}
                  id={idOf('confirm')}
                  label={t('confirm')}
                  confirmed={confirmed}
                  asked={held === 'confirm' ? t('confirmFirst') : null}
                  onChange={(checked) => setConfirmedFor(checked ? settledKey : null)}
                />
              </>
            ) : null}
          </div>
          {held === 'looking' && looking ? <Text role="status">{t('stillLooking')}</Text> : null}
          {held === 'refused' && !looking ? <NotStarted>{t('cannotUpdate')}</NotStarted> : null}
          {problem ? <ProblemBar problem={problem} /> : null}
        </div>
      </DialogContent>
      <DialogActions fluid>
        <BusyButton type="submit" busy={starting}>
          {t('update')}
        </BusyButton>
        <Button onClick={onClose}>{t('decision:cancel')}</Button>
      </DialogActions>
    </form>
  )
}
