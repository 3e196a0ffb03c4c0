import { Button, makeStyles, SkeletonItem, Text, tokens } from '@fluentui/react-components'
import { Play20Regular, Stop20Regular, TableLightning20Regular } from '@fluentui/react-icons'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import type { FlowRuntime } from '../../backend/types'
import { BusyButton } from '../../components/decision/BusyButton'
import { GoLink } from '../../components/GoLink'
import { LateSkeleton } from '../../components/Late'
import { useNotify } from '../../components/notify'
import { useAction } from '../../state'
import { CopyAs } from './CopyAs'
import { FitState } from './Fit'
import { useFlowPage } from './page'
import { RuntimeField } from './RuntimeField'
import { useInputsCheck } from './useInputsCheck'

const useStyles = makeStyles({
  row: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'flex-end',
    columnGap: tokens.spacingHorizontalM,
    rowGap: tokens.spacingVerticalS,
  },
  buttons: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
  beside: {
    display: 'flex',
    flexDirection: 'column',
    justifyContent: 'center',
    minHeight: '32px',
    flexBasis: '240px',
    flexGrow: 1,
    color: tokens.colorNeutralForeground2,
  },
  waiting: { width: '240px' },
})

function CancelRun({ run, cancelling }: { run: string; cancelling: boolean }) {
  const { t } = useTranslation('flow')
  const notify = useNotify()
  const cancel = useAction('cancel_flow_run')
  const busy = cancelling || cancel.isPending
  return (
    <BusyButton
      appearance="secondary"
      busy={busy}
      disabledFocusable={busy}
      {...(busy ? {} : { icon: <Stop20Regular /> })}
      onClick={() => cancel.mutate({ run }, { onError: (error) => notify.problem(error.problem) })}
    >
      {t('cancelRun')}
    </BusyButton>
  )
}

/** Where to run, the button that does, and whether the flow fits there. */
export function TopRow({
  runtimes,
  onChoose,
}: {
  runtimes: FlowRuntime[] | undefined
  onChoose: (runtime: string) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('flow')
  const navigate = useNavigate()
  const reason = useId()
  const { runtime, active, hindrance, proposal, start, starting, change, view } = useFlowPage()
  const check = useInputsCheck()
  const run = async () => {
    if (hindrance !== null || starting !== null) return
    change({ tried: true })
    if (await check.passes()) start('flow', {})
  }
  const toCopy = async () => {
    change({ tried: true })
    const run = (await check.passes()) ? proposal() : null
    return run && { kind: 'proposed' as const, start: run }
  }
  return (
    <div className={styles.row}>
      {runtimes ? (
        <RuntimeField runtimes={runtimes} chosen={runtime} onChoose={onChoose} />
      ) : (
        <div className={styles.waiting}>
          <LateSkeleton>
            <SkeletonItem size={32} />
          </LateSkeleton>
        </div>
      )}
      <div className={styles.buttons}>
        {active ? (
          <CancelRun key={active.id} run={active.id} cancelling={active.state === 'cancelling'} />
        ) : (
          <BusyButton
            busy={starting === 'flow'}
            disabledFocusable={hindrance !== null}
            aria-describedby={hindrance === null ? undefined : reason}
            {...(starting === 'flow' ? {} : { icon: <Play20Regular /> })}
            onClick={run}
          >
            {t('run')}
          </BusyButton>
        )}
        <Button
          icon={<TableLightning20Regular />}
          onClick={() => navigate(paths.newBatch(view.flow))}
        >
          {t('batchRun')}
        </Button>
        {hindrance === null ? <CopyAs key={view.flow} of={toCopy} wholeFlow /> : null}
      </div>
      <div className={styles.beside}>
        {hindrance === null ? <FitState /> : <Text id={reason}>{hindrance}</Text>}
        {runtimes?.length === 0 ? (
          <GoLink to={paths.addRuntime()}>{t('runtime.add')}</GoLink>
        ) : null}
      </div>
    </div>
  )
}
