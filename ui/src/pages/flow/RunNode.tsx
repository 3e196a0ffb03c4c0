import { Dropdown, Field, makeStyles, Option, Text, tokens } from '@fluentui/react-components'
import { Play16Regular } from '@fluentui/react-icons'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { FlowNode, FlowRun } from '../../backend/types'
import { Block } from '../../components/decision/Block'
import { BusyButton } from '../../components/decision/BusyButton'
import { isActive } from '../../components/flow/states'
import { ProblemBar } from '../../components/ProblemBar'
import { formatExact } from '../../format'
import { neededBy } from './model'
import { useFlowPage } from './page'
import { useInputsCheck } from './useInputsCheck'

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

/** Runs one step by itself, with what the others gave in a former run. */
export function RunNode({ node }: { node: FlowNode }) {
  const styles = useStyles()
  const { t } = useTranslation(['flow', 'flowRun'])
  const listId = useId()
  const { view, runs, run, active, hindrance, start, starting, startProblem, change } =
    useFlowPage()
  const check = useInputsCheck()
  const [from, setFrom] = useState<string | null>(null)
  const needed = neededBy(view, node.name)
  const able = needed.length === 0 ? [] : (runs ?? []).filter((one) => givesAll(one, needed))
  const chosen =
    able.find(({ id }) => id === from) ?? able.find(({ id }) => id === run?.id) ?? able[0]
  const word = (one: FlowRun) =>
    t('runNode.of', { state: t(`flowRun:state.${one.state}`), time: formatExact(one.started) })
  if (node.aggregation || hindrance !== null) return null
  const begin = async () => {
    if (starting !== null || active) return
    change({ tried: true })
    if (needed.length > 0 || (await check.passes())) {
      start('node', { node: node.name, from: chosen?.id ?? null })
    }
  }
  return (
    <Block heading={t('runNode.heading')}>
      <div className={styles.root}>
        {needed.length > 0 && !chosen ? (
          <Text className={styles.quiet}>
            {t('runNode.runFirst', { nodes: needed.join(', ') })}
          </Text>
        ) : (
          <>
            {chosen ? (
              <Field label={t('runNode.from')} hint={t('runNode.fromHint')}>
                <Dropdown
                  id={listId}
                  value={word(chosen)}
                  selectedOptions={[chosen.id]}
                  onOptionSelect={(_, { optionValue }) => setFrom(optionValue ?? null)}
                >
                  {able.map((one) => (
                    <Option key={one.id} value={one.id} text={word(one)}>
                      {word(one)}
                    </Option>
                  ))}
                </Dropdown>
              </Field>
            ) : (
              <Text className={styles.quiet}>{t('runNode.alone')}</Text>
            )}
            <BusyButton
              appearance="secondary"
              className={styles.button}
              busy={starting === 'node'}
              disabledFocusable={active !== null}
              {...(starting === 'node' ? {} : { icon: <Play16Regular /> })}
              onClick={begin}
            >
              {t('runNode.run')}
            </BusyButton>
            {active ? <Text className={styles.quiet}>{t('runNode.waits')}</Text> : null}
            {startProblem?.by === 'node' ? <ProblemBar problem={startProblem.problem} /> : null}
          </>
        )}
      </div>
    </Block>
  )
}
