import { Text } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { RunPart, ShownValue } from '../../backend/types'
import { Block } from '../../components/decision/Block'
import { isActive } from '../../components/flow/states'
import { ValueView } from '../../components/flow/ValueView'
import { SkeletonLines } from '../../components/Late'
import { ProblemBar } from '../../components/ProblemBar'
import { useFlowPage } from './page'

/** What a step took and gave in the run that is shown. */
export function NodeResult({ node }: { node: string }) {
  const { t } = useTranslation('flowRun')
  const { run, detail, detailError } = useFlowPage()
  if (!run) return null
  if (isActive(run)) return <Text>{t('nodeResult.later')}</Text>
  if (detailError) return <ProblemBar problem={detailError.problem} />
  if (!detail) return <SkeletonLines lines={3} />
  const values = detail.nodes.find((one) => one.node === node)
  if (!values) return null
  const parts: Array<{ name: string; value: ShownValue | null; part: RunPart }> = [
    { name: t('nodeResult.inputs'), value: values.inputs, part: { kind: 'nodeInputs', node } },
    { name: t('nodeResult.output'), value: values.output, part: { kind: 'nodeOutput', node } },
    { name: t('nodeResult.out'), value: values.out, part: { kind: 'nodeOut', node } },
    { name: t('nodeResult.error'), value: values.error, part: { kind: 'nodeError', node } },
  ]
  return parts.map(({ name, value, part }) =>
    value ? (
      <Block key={part.kind} heading={name}>
        <ValueView key={run.id} value={value} run={run.id} part={part} name={name} />
      </Block>
    ) : null,
  )
}
