import { makeStyles, Text, tokens } from '@fluentui/react-components'
import { type FormEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Problem, UpdateAll, UpdateAllPreview } from '../../backend/types'
import { Card } from '../../components/Card'
import { BusyButton } from '../../components/decision/BusyButton'
import { NotStarted } from '../../components/decision/Held'
import { ProblemBar } from '../../components/ProblemBar'
import { CandidateList, confirmId } from './CandidateList'
import { type Chosen, firstDoubt, membersOf, withDecisions } from './order'
import { parallelOf, RulesFields, usualRules } from './RulesFields'

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL },
  start: { alignSelf: 'flex-start' },
  quiet: { color: tokens.colorNeutralForeground2 },
})

/** What is updated, in which order, and how. */
export function UpdateAllForm({
  preview,
  starting,
  problem,
  onStart,
}: {
  preview: UpdateAllPreview
  starting: boolean
  /** Why the last try did not even begin. */
  problem: Problem | null
  onStart: (request: UpdateAll) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('updateAll')
  const [decided, setDecided] = useState<Chosen[]>([])
  const [rules, setRules] = useState(usualRules)
  const [nobody, setNobody] = useState(false)
  const [asked, setAsked] = useState<string | null>(null)
  const number = useRef<HTMLInputElement>(null)
  // Decisions outlive a new look at the versions.
  const chosen = withDecisions(preview.candidates, decided)
  const members = membersOf(chosen)
  const parallel = parallelOf(rules)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (starting) return
    const doubt = firstDoubt(chosen)?.candidate.runtime ?? null
    setNobody(members.length === 0)
    setAsked(doubt)
    if (doubt !== null) document.getElementById(confirmId(doubt))?.focus()
    else if (parallel === null) number.current?.focus()
    else if (members.length > 0) {
      const { onFailure, cancelRuns } = rules
      onStart({ members, rules: { parallel, onFailure, cancelRuns } })
    }
  }
  return (
    <form noValidate className={styles.root} onSubmit={submit}>
      <Card heading={t('list')}>
        {chosen.length > 1 ? <Text className={styles.quiet}>{t('listHint')}</Text> : null}
        <CandidateList
          chosen={chosen}
          asked={asked}
          onChange={(next) => {
            setNobody(false)
            setDecided(next)
          }}
        />
      </Card>
      <RulesFields rules={rules} parallelRef={number} onChange={setRules} />
      <Text className={styles.quiet}>{t('happens')}</Text>
      {nobody && members.length === 0 ? <NotStarted>{t('chooseOne')}</NotStarted> : null}
      {problem ? <ProblemBar problem={problem} /> : null}
      <BusyButton type="submit" busy={starting} className={styles.start}>
        {members.length === 0 ? t('startNone') : t('start', { count: members.length })}
      </BusyButton>
    </form>
  )
}
