import { Button, makeStyles, mergeClasses, Spinner, Text, tokens } from '@fluentui/react-components'
import {
  ArrowClockwise16Regular,
  CheckmarkCircle20Filled,
  DismissCircle20Filled,
  QuestionCircle20Regular,
  Warning20Filled,
} from '@fluentui/react-icons'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { CheckState, Problem, Preflight as Results } from '../../backend/types'
import { ProblemBar } from '../../components/ProblemBar'
import { useFieldStyles } from '../../components/settings/fieldStyles'
import type { RemedyHandlers } from '../../problems/remedies'
import { toneColor } from '../../theme'
import { idOf } from './fields'

const useStyles = makeStyles({
  check: {
    display: 'grid',
    gridTemplateColumns: '20px 96px minmax(0, 1fr)',
    columnGap: tokens.spacingHorizontalM,
    rowGap: tokens.spacingVerticalXS,
    ':focus-visible': { outline: `${tokens.strokeWidthThick} solid ${tokens.colorStrokeFocus2}` },
  },
  icon: { display: 'flex' },
  good: { color: toneColor.good },
  warning: { color: toneColor.warning },
  failed: { color: toneColor.bad },
  unknown: { color: toneColor.quiet },
  kind: { color: tokens.colorNeutralForeground2 },
  wide: { gridColumn: '1 / -1' },
})

const icons: Record<CheckState, ReactElement> = {
  good: <CheckmarkCircle20Filled />,
  warning: <Warning20Filled />,
  failed: <DismissCircle20Filled />,
  unknown: <QuestionCircle20Regular />,
}

/** What was looked at before anything is created, and what was found. */
export function Preflight({
  results,
  running,
  problem,
  remedies,
  onAgain,
}: {
  results: Results | undefined
  running: boolean
  /** The checks could not be made. */
  problem: Problem | null
  remedies: RemedyHandlers
  onAgain: () => void
}) {
  const styles = useStyles()
  const shared = useFieldStyles()
  const { t } = useTranslation('wizard')
  const firstFailed = results?.checks.findIndex(({ state }) => state === 'failed') ?? -1
  return (
    <section className={shared.group} aria-label={t('review.preflight')} aria-busy={running}>
      <div className={shared.row}>
        <Text as="h3" className={shared.legend}>
          {t('review.preflight')}
        </Text>
        {running ? null : (
          <Button
            size="small"
            appearance="subtle"
            icon={<ArrowClockwise16Regular />}
            onClick={onAgain}
          >
            {t('review.checkAgain')}
          </Button>
        )}
      </div>
      {running ? (
        <div className={shared.row} role="status">
          <Spinner size="tiny" aria-hidden="true" />
          <Text>{t('review.running')}</Text>
        </div>
      ) : null}
      {problem && !running ? (
        <div id={idOf('preflight')} tabIndex={-1}>
          <ProblemBar problem={problem} onRetry={onAgain} remedies={remedies} />
        </div>
      ) : null}
      {results && !running ? (
        <ul className={shared.list}>
          {results.checks.map((check, index) => (
            <li
              key={check.kind}
              className={styles.check}
              {...(index === firstFailed ? { id: idOf('preflight'), tabIndex: -1 } : {})}
            >
              <span
                role="img"
                aria-label={t(`review.state.${check.state}`)}
                className={mergeClasses(styles.icon, styles[check.state])}
              >
                {icons[check.state]}
              </span>
              <Text className={styles.kind}>{t(`review.kind.${check.kind}`)}</Text>
              <Text>{check.sentence}</Text>
              {check.problem && check.state !== 'good' ? (
                <div className={styles.wide}>
                  <ProblemBar problem={check.problem} onRetry={onAgain} remedies={remedies} />
                </div>
              ) : null}
            </li>
          ))}
        </ul>
      ) : null}
    </section>
  )
}
