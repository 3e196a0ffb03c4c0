import {
  Button,
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
  ProgressBar,
  Spinner,
  Subtitle2,
  Text,
  tokens,
} from '@fluentui/react-components'
import { ArrowClockwise20Regular, DocumentTextRegular } from '@fluentui/react-icons'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../../app/paths'
import type { Diagnosis, Finding, Runtime } from '../../../backend/types'
import { SkeletonLines } from '../../../components/Late'
import { Moment } from '../../../components/Moment'
import { FindingBar, ProblemBar } from '../../../components/ProblemBar'
import { formatDuration } from '../../../format'
import type { RemedyHandlers } from '../../../problems/remedies'
import { useFindingRemedies } from '../useFindingRemedies'
import { CheckList } from './CheckList'
import { LINKS, verdictOf } from './links'
import { type DiagnosisState, useDiagnosis } from './useDiagnosis'

const useStyles = makeStyles({
  bar: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalM,
  },
  said: { display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalS },
  part: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalS },
  heading: { margin: 0 },
  support: { marginInlineStart: 'auto' },
})

/** The button to look again, how far it is, and when it was looked at. */
function Top({ id, state }: { id: string; state: DiagnosisState }) {
  const styles = useStyles()
  const { t } = useTranslation('diagnostics')
  const navigate = useNavigate()
  const { diagnosis, running, look } = state
  const done = diagnosis?.running ? diagnosis.checks.length : 0
  return (
    <div className={styles.bar}>
      <Button icon={<ArrowClockwise20Regular />} disabledFocusable={running} onClick={look}>
        {t('again')}
      </Button>
      <div role="status" className={styles.said}>
        {running ? (
          <>
            <Spinner size="tiny" aria-hidden="true" />
            <Text>{done > 0 ? t('progress', { count: done }) : t('begins')}</Text>
          </>
        ) : diagnosis ? (
          <Text>
            {t('looked')} <Moment time={diagnosis.began} />
            {`, ${t('took', { time: formatDuration(diagnosis.milliseconds) })}`}
          </Text>
        ) : null}
      </div>
      <Button
        appearance="subtle"
        className={styles.support}
        icon={<DocumentTextRegular />}
        onClick={() => navigate(paths.support(id))}
      >
        {t('support')}
      </Button>
    </div>
  )
}

/** That nothing is broken, or that this cannot be told. */
function NothingBroken({ diagnosis }: { diagnosis: Diagnosis }) {
  const { t } = useTranslation('diagnostics')
  const verdict = verdictOf(diagnosis)
  if (verdict === 'whole') {
    const warnings = diagnosis.checks.filter(({ state }) => state === 'warning').length
    return (
      <MessageBar intent={warnings > 0 ? 'warning' : 'success'} layout="multiline" role="group">
        <MessageBarBody>
          <MessageBarTitle>{t('whole')}</MessageBarTitle>
          {warnings > 0 ? t('wholeWarnings', { count: warnings }) : t('wholeBody')}
        </MessageBarBody>
      </MessageBar>
    )
  }
  if (verdict !== 'notAllSeen') return null
  return (
    <MessageBar intent="warning" layout="multiline" role="group">
      <MessageBarBody>
        <MessageBarTitle>{t('notAllSeen')}</MessageBarTitle>
        {t('notAllSeenBody')}
      </MessageBarBody>
    </MessageBar>
  )
}

/** What was looked at: the cause with what mends it, and each link. */
export function DiagnosisView({
  id,
  state,
  told,
  remedies,
  parts = null,
}: {
  /** The runtime's. */
  id: string
  state: DiagnosisState
  /** What the runtime itself tells: it stands here until the cause is known. */
  told: Finding | null
  remedies: RemedyHandlers
  /** What the remedies show. */
  parts?: ReactNode
}) {
  const styles = useStyles()
  const { t } = useTranslation('diagnostics')
  const { diagnosis, problem, running, look } = state
  const finding = diagnosis?.finding ?? told
  const broken = diagnosis?.broken ?? null
  return (
    <>
      <Top id={id} state={state} />
      {diagnosis?.running ? (
        <ProgressBar
          value={diagnosis.checks.length / LINKS.length}
          aria-label={t('progress', { count: diagnosis.checks.length })}
        />
      ) : null}
      {problem ? <ProblemBar problem={problem} onRetry={look} /> : null}
      {finding ? <FindingBar finding={finding} remedies={remedies} /> : null}
      {parts}
      {diagnosis && !finding ? <NothingBroken diagnosis={diagnosis} /> : null}
      {diagnosis ? (
        <section className={styles.part} aria-labelledby="diagnosis-checks">
          <Subtitle2 as="h2" id="diagnosis-checks" className={styles.heading}>
            {broken === null ? t('chain') : t('chainBroken', { link: t(`link.${broken}`) })}
          </Subtitle2>
          <CheckList diagnosis={diagnosis} />
        </section>
      ) : running ? (
        <SkeletonLines lines={8} height={28} />
      ) : null}
      {diagnosis && diagnosis.others.length > 0 ? (
        <section className={styles.part} aria-labelledby="diagnosis-others">
          <Subtitle2 as="h2" id="diagnosis-others" className={styles.heading}>
            {t('others')}
          </Subtitle2>
          {diagnosis.others.map((other) => (
            <FindingBar
              key={`${other.cause} ${other.sentence}`}
              finding={other}
              intent="warning"
              remedies={remedies}
            />
          ))}
        </section>
      ) : null}
    </>
  )
}

/** Why a runtime does not work. */
export function Diagnostics({
  runtime,
  remedies,
}: {
  runtime: Runtime
  /** What the page itself can do. */
  remedies: RemedyHandlers
}) {
  const state = useDiagnosis(runtime)
  const more = useFindingRemedies(runtime)
  const { showDiagnosis: _here, ...handlers } = { ...more.remedies, ...remedies }
  return (
    <DiagnosisView
      id={runtime.id}
      state={state}
      told={runtime.finding}
      remedies={handlers}
      parts={more.parts}
    />
  )
}
