import {
  Button,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  makeStyles,
  Spinner,
  tokens,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { ComputeView, UnreachableView } from '../../backend/types'
import { CommandLine } from '../../components/CommandLine'
import { ProblemBar } from '../../components/ProblemBar'
import { useAction } from '../../state'
import { shownState } from './words'

const useStyles = makeStyles({
  bar: { minHeight: 'auto', userSelect: 'text' },
  body: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalXS },
})

/** Why a compute cannot be used, what to do, and a command that mends it. */
export function WhyBar({ compute, why }: { compute: ComputeView; why: UnreachableView }) {
  const styles = useStyles()
  const { t } = useTranslation('computes')
  const retry = useAction('retry_compute')
  const state = shownState(compute)
  const triesAgain = state !== 'notSupportedYet'
  return (
    <>
      <MessageBar
        className={styles.bar}
        intent={triesAgain ? 'warning' : 'info'}
        layout="multiline"
        role="group"
      >
        <MessageBarBody>
          <div className={styles.body}>
            <div>{why.sentence}</div>
            {why.hints.map((hint) => (
              <div key={hint}>{hint}</div>
            ))}
            {why.command ? <CommandLine command={why.command} name={t('command')} /> : null}
          </div>
        </MessageBarBody>
        {triesAgain ? (
          <MessageBarActions>
            <Button
              aria-label={t('tryAgainNamed', { name: compute.name })}
              {...(retry.isPending
                ? { icon: <Spinner size="extra-tiny" aria-hidden="true" /> }
                : {})}
              onClick={() => {
                if (!retry.isPending) retry.mutate({ compute: compute.id })
              }}
            >
              {t('tryAgain')}
            </Button>
          </MessageBarActions>
        ) : null}
      </MessageBar>
      {retry.error ? <ProblemBar problem={retry.error.problem} /> : null}
    </>
  )
}
