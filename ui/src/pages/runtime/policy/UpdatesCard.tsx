import { Button, makeStyles, Radio, RadioGroup, tokens } from '@fluentui/react-components'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { PolicyView, Runtime } from '../../../backend/types'
import { Card } from '../../../components/Card'
import { SkeletonLines } from '../../../components/Late'
import { ProblemBar } from '../../../components/ProblemBar'
import { useAction, useAsk } from '../../../state'
import { Outlook } from './Outlook'
import { draftOf, faultsOf, type PolicyDraft, policyOf } from './policy'
import { WindowFields } from './WindowFields'

const useStyles = makeStyles({
  form: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalM },
  row: { display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalS },
})

function PolicyForm({ runtime, view }: { runtime: Runtime; view: PolicyView }) {
  const styles = useStyles()
  const { t } = useTranslation('policy')
  const save = useAction('set_update_policy')
  // What was typed; `null` follows what is kept.
  const [typed, setTyped] = useState<PolicyDraft | null>(null)
  const kept = draftOf(view.policy)
  const draft = typed ?? kept
  const faults = faultsOf(draft)
  const differs = faults.size > 0 || JSON.stringify(policyOf(draft)) !== JSON.stringify(view.policy)
  const change = (next: PolicyDraft) => {
    save.reset()
    setTyped(next)
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (faults.size > 0 || save.isPending) return
    save.mutate({ runtime: runtime.id, policy: policyOf(draft) })
  }
  return (
    <form noValidate className={styles.form} onSubmit={submit}>
      <RadioGroup
        aria-label={t('question')}
        value={draft.kind}
        onChange={(_, { value }) => change({ ...draft, kind: value as PolicyDraft['kind'] })}
      >
        <Radio value="tellMe" label={t('kind.tellMe')} />
        <Radio value="window" label={t('kind.window')} />
        <Radio value="never" label={t('kind.never')} />
      </RadioGroup>
      {draft.kind === 'window' ? (
        <WindowFields draft={draft} faults={faults} onChange={change} />
      ) : null}
      {differs ? null : <Outlook view={view} />}
      {save.error ? <ProblemBar problem={save.error.problem} /> : null}
      <div className={styles.row}>
        {differs ? (
          <>
            <Button type="submit" appearance="primary" disabledFocusable={faults.size > 0}>
              {t('save')}
            </Button>
            <Button
              onClick={() => {
                save.reset()
                setTyped(null)
              }}
            >
              {t('discard')}
            </Button>
          </>
        ) : null}
        <span role="status">{save.isSuccess && !differs ? t('saved') : ''}</span>
      </div>
    </form>
  )
}

/** What happens to this runtime when a newer version appears. */
export function UpdatesCard({ runtime }: { runtime: Runtime }) {
  const { t } = useTranslation('policy')
  const { data, error, refetch } = useAsk('update_policy', { runtime: runtime.id })
  return (
    <Card heading={t('heading')}>
      {error ? <ProblemBar problem={error.problem} onRetry={() => refetch()} /> : null}
      {data ? <PolicyForm key={runtime.id} runtime={runtime} view={data} /> : null}
      {!data && !error ? <SkeletonLines lines={4} height={16} /> : null}
    </Card>
  )
}
