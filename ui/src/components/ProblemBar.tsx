import {
  Button,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
  tokens,
} from '@fluentui/react-components'
import { DismissRegular } from '@fluentui/react-icons'
import { Children, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Finding, Problem } from '../backend/types'
import { looks } from '../problems/looks'
import { offered, type RemedyHandlers, runRemedy, useRemedyLabel } from '../problems/remedies'
import { Fold } from './Fold'
import { Pre } from './Pre'

const useStyles = makeStyles({
  bar: { minHeight: 'auto', userSelect: 'text' },
  hints: { margin: 0, paddingInlineStart: tokens.spacingHorizontalL },
  evidence: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalXS,
  },
})

function Hints({ hints }: { hints: string[] }) {
  const styles = useStyles()
  if (hints.length === 0) return null
  if (hints.length === 1) return <div>{hints[0]}</div>
  return (
    <ul className={styles.hints}>
      {hints.map((hint) => (
        <li key={hint}>{hint}</li>
      ))}
    </ul>
  )
}

function EvidenceFold({ finding, open = false }: { finding: Finding; open?: boolean }) {
  const styles = useStyles()
  const { t } = useTranslation()
  if (finding.evidence.length === 0) return null
  return (
    <Fold label={t('evidence')} open={open}>
      <div className={styles.evidence}>
        {finding.evidence.map(({ probe, seen }) => (
          <div key={probe}>
            <div>{probe}</div>
            <Pre>{seen}</Pre>
          </div>
        ))}
      </div>
    </Fold>
  )
}

function RemedyButtons({
  finding,
  handlers,
}: {
  finding: Finding
  handlers: RemedyHandlers | undefined
}) {
  const label = useRemedyLabel()
  return offered(handlers, finding.remedies).map((remedy) => (
    <Button key={JSON.stringify(remedy)} onClick={() => runRemedy(handlers ?? {}, remedy)}>
      {label(remedy)}
    </Button>
  ))
}

/** The buttons of a bar; without any there is no empty row for them. */
function BarActions({
  onDismiss,
  children,
}: {
  onDismiss?: (() => void) | undefined
  children: ReactNode
}) {
  const { t } = useTranslation()
  if (!onDismiss && Children.toArray(children).length === 0) return null
  return (
    <MessageBarActions
      {...(onDismiss
        ? {
            containerAction: (
              <Button
                aria-label={t('dismiss')}
                appearance="transparent"
                icon={<DismissRegular />}
                onClick={onDismiss}
              />
            ),
          }
        : {})}
    >
      {children}
    </MessageBarActions>
  )
}

export interface ProblemBarProps {
  problem: Problem
  /** What the finding's remedies do here; those without an entry are not offered. */
  remedies?: RemedyHandlers
  /** Shown as *Try again* when the problem says that this may help. */
  onRetry?: () => void
  onDismiss?: () => void
  /** What stands now, a sentence. */
  outcome?: string | null
  /** Further buttons. */
  actions?: ReactNode
  /** What was seen begins open. */
  openEvidence?: boolean
  /** Says better than the problem's kind what is wrong here. */
  title?: string
}

/** A problem in place: what happened, what to do, buttons that do it, the technical words folded. */
export function ProblemBar({
  problem,
  remedies,
  onRetry,
  onDismiss,
  outcome,
  actions,
  openEvidence = false,
  title,
}: ProblemBarProps) {
  const styles = useStyles()
  const { t } = useTranslation(['problems', 'common'])
  const { finding } = problem
  const offersAgain = finding ? offered(remedies, finding.remedies).some(isTryAgain) : false
  const heading = title ?? t(`title.${problem.code}`)
  const sentence = finding ? `${finding.sentence} ${finding.meaning}`.trim() : problem.sentence
  return (
    <MessageBar
      className={styles.bar}
      intent={looks[problem.code].intent}
      layout="multiline"
      role="group"
      aria-label={heading}
    >
      <MessageBarBody>
        <MessageBarTitle>{heading}</MessageBarTitle>
        <div>{sentence}</div>
        {outcome ? <div>{outcome}</div> : null}
        <Hints hints={finding ? finding.advice : problem.hints} />
        {finding ? <EvidenceFold finding={finding} open={openEvidence} /> : null}
        {problem.details ? (
          <Fold label={t('common:details')}>
            <Pre>{problem.details}</Pre>
          </Fold>
        ) : null}
      </MessageBarBody>
      <BarActions onDismiss={onDismiss}>
        {finding && offered(remedies, finding.remedies).length > 0 ? (
          <RemedyButtons finding={finding} handlers={remedies} />
        ) : null}
        {problem.retry && onRetry && !offersAgain ? (
          <Button onClick={onRetry}>{t('common:tryAgain')}</Button>
        ) : null}
        {actions}
      </BarActions>
    </MessageBar>
  )
}

function isTryAgain(remedy: { kind: string }): boolean {
  return remedy.kind === 'tryAgain'
}

/** A finding that is not the problem of a command, for instance of a runtime that is not well. */
export function FindingBar({
  finding,
  intent = 'error',
  remedies,
  actions,
}: {
  finding: Finding
  intent?: 'error' | 'warning'
  remedies?: RemedyHandlers
  actions?: ReactNode
}) {
  const styles = useStyles()
  return (
    <MessageBar
      className={styles.bar}
      intent={intent}
      layout="multiline"
      role="group"
      aria-label={finding.sentence}
    >
      <MessageBarBody>
        <MessageBarTitle>{finding.sentence}</MessageBarTitle>
        <div>{finding.meaning}</div>
        <Hints hints={finding.advice} />
        <EvidenceFold finding={finding} />
      </MessageBarBody>
      <BarActions>
        {offered(remedies, finding.remedies).length > 0 ? (
          <RemedyButtons finding={finding} handlers={remedies} />
        ) : null}
        {actions}
      </BarActions>
    </MessageBar>
  )
}
