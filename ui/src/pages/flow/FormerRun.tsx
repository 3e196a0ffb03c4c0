import { Dropdown, Field, makeStyles, Option, Text, tokens } from '@fluentui/react-components'
import { type ReactElement, type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { FlowRun } from '../../backend/types'
import { Block } from '../../components/decision/Block'
import { BusyButton } from '../../components/decision/BusyButton'
import { isActive } from '../../components/flow/states'
import { ProblemBar } from '../../components/ProblemBar'
import { formatExact } from '../../format'
import { useFlowPage } from './page'

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalS },
  button: { alignSelf: 'flex-start' },
  quiet: { color: tokens.colorNeutralForeground2 },
})

/** Whether a run of the whole flow went through these steps, so that it can stand in for them. */
export function givesAll(run: FlowRun, needed: readonly string[]): boolean {
  if (run.node !== null || isActive(run)) return false
  return needed.every((name) =>
    run.nodes.some(
      ({ node, state }) => node === name && (state === 'completed' || state === 'bypassed'),
    ),
  )
}

/** Former runs that can stand in for these steps, and the first choice among them: the one that is shown. */
export function useFormerRuns(needed: readonly string[]): {
  able: FlowRun[]
  first: FlowRun | undefined
} {
  const { runs, run } = useFlowPage()
  const able = (runs ?? []).filter((one) => givesAll(one, needed))
  return { able, first: able.find(({ id }) => id === run?.id) ?? able[0] }
}

/** One of some former runs; the first choice until another one is chosen. */
export function useChosenRun({ able, first }: ReturnType<typeof useFormerRuns>) {
  const [from, setFrom] = useState<string | null>(null)
  return [able.find(({ id }) => id === from) ?? first, setFrom] as const
}

/** The field in which the run is chosen whose results stand in for steps that are not run. */
export function FormerRunField({
  label,
  hint,
  able,
  chosen,
  onChoose,
}: {
  label: string
  hint: string
  able: readonly FlowRun[]
  chosen: FlowRun
  onChoose: (id: string) => void
}) {
  const { t } = useTranslation(['flow', 'flowRun'])
  const word = (one: FlowRun) =>
    t('runNode.of', { state: t(`flowRun:state.${one.state}`), time: formatExact(one.started) })
  return (
    <Field label={label} hint={hint}>
      <Dropdown
        value={word(chosen)}
        selectedOptions={[chosen.id]}
        onOptionSelect={(_, { optionValue }) => {
          if (optionValue !== undefined) onChoose(optionValue)
        }}
      >
        {able.map((one) => (
          <Option key={one.id} value={one.id} text={word(one)}>
            {word(one)}
          </Option>
        ))}
      </Dropdown>
    </Field>
  )
}

/** A part of the flow that is run: what it takes over, the button that begins it, and what hinders that. */
export function RunPart({
  by,
  heading,
  action,
  icon,
  why,
  onBegin,
  children,
}: {
  /** What it is called where a start or its problem is told. */
  by: 'node' | 'fromHere'
  heading: string
  action: string
  icon: ReactElement
  /** Why it cannot be begun now, a sentence. */
  why: string | null
  /** Begins it; `null` = there is no way to. */
  onBegin: (() => void) | null
  /** What it takes over. */
  children: ReactNode
}) {
  const styles = useStyles()
  const { active, starting, startProblem } = useFlowPage()
  const busy = starting === by
  return (
    <Block heading={heading}>
      <div className={styles.root}>
        {children}
        {onBegin ? (
          <BusyButton
            appearance="secondary"
            className={styles.button}
            busy={busy}
            disabledFocusable={active !== null}
            {...(busy ? {} : { icon })}
            onClick={onBegin}
          >
            {action}
          </BusyButton>
        ) : null}
        {why === null ? null : <Text className={styles.quiet}>{why}</Text>}
        {startProblem?.by === by ? <ProblemBar problem={startProblem.problem} /> : null}
      </div>
    </Block>
  )
}
