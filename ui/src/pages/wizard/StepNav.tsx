import { Link, makeStyles, mergeClasses, Text, tokens } from '@fluentui/react-components'
import {
  CheckmarkCircle20Filled,
  Circle20Regular,
  RadioButton20Filled,
  Warning20Filled,
} from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import { toneColor } from '../../theme'
import { type WizardStep, wizardSteps } from './form'

const useStyles = makeStyles({
  list: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalXS,
    margin: 0,
    padding: 0,
    listStyleType: 'none',
    '@media (max-width: 1199px)': { flexDirection: 'row', flexWrap: 'wrap', columnGap: '24px' },
  },
  step: {
    display: 'flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalS,
    minHeight: '32px',
  },
  icon: { display: 'flex' },
  done: { color: toneColor.good },
  warning: { color: toneColor.warning },
  current: { color: tokens.colorBrandForeground1 },
  currentWord: { fontWeight: tokens.fontWeightSemibold },
  quiet: { color: tokens.colorNeutralForeground3 },
})

/** Where in the wizard one is; steps that were come to can be gone back to. */
export function StepNav({
  step,
  only,
  reached,
  withProblem,
  onStep,
}: {
  step: WizardStep
  /** There is but this one step, called so. */
  only?: string
  reached: ReadonlySet<WizardStep>
  withProblem: ReadonlySet<WizardStep>
  onStep: (step: WizardStep) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('wizard')
  return (
    <nav aria-label={t('steps')}>
      <ol className={styles.list}>
        {(only === undefined ? wizardSteps : [step]).map((one) => {
          const isCurrent = one === step
          const bad = only === undefined && withProblem.has(one)
          const done = !isCurrent && reached.has(one) && !bad
          const name = only ?? t(`step.${one}`)
          return (
            <li
              key={one}
              className={styles.step}
              {...(isCurrent ? { 'aria-current': 'step' as const } : {})}
            >
              <span
                className={mergeClasses(
                  styles.icon,
                  bad
                    ? styles.warning
                    : done
                      ? styles.done
                      : isCurrent
                        ? styles.current
                        : styles.quiet,
                )}
                {...(bad || done
                  ? { role: 'img', 'aria-label': t(bad ? 'stepWithProblem' : 'stepDone') }
                  : { 'aria-hidden': true })}
              >
                {bad ? (
                  <Warning20Filled />
                ) : done ? (
                  <CheckmarkCircle20Filled />
                ) : isCurrent ? (
                  <RadioButton20Filled />
                ) : (
                  <Circle20Regular />
                )}
              </span>
              {isCurrent || !reached.has(one) ? (
                <Text className={isCurrent ? styles.currentWord : styles.quiet}>{name}</Text>
              ) : (
                <Link as="button" type="button" onClick={() => onStep(one)}>
                  {name}
                </Link>
              )}
            </li>
          )
        })}
      </ol>
    </nav>
  )
}
