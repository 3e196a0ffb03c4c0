import { makeStyles, Text, tokens } from '@fluentui/react-components'
import { Play16Regular } from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import type { FlowNode } from '../../backend/types'
import { FormerRunField, RunPart, useChosenRun, useFormerRuns } from './FormerRun'
import { neededBy } from './model'
import { useFlowPage } from './page'
import { useInputsCheck } from './useInputsCheck'

const useStyles = makeStyles({
  quiet: { color: tokens.colorNeutralForeground2 },
})

/** Runs one step by itself, with what the others gave in a former run. */
export function RunNode({ node }: { node: FlowNode }) {
  const styles = useStyles()
  const { t } = useTranslation('flow')
  const { view, active, hindrance, start, starting, change } = useFlowPage()
  const check = useInputsCheck()
  const needed = neededBy(view, node.name)
  const former = useFormerRuns(needed)
  const [found, choose] = useChosenRun(former)
  if (node.aggregation || hindrance !== null) return null
  const alone = needed.length === 0
  const chosen = alone ? undefined : found
  const begin = async () => {
    if (starting !== null || active) return
    change({ tried: true })
    if (!alone || (await check.passes())) {
      start('node', { node: node.name, from: chosen?.id ?? null })
    }
  }
  const able = alone || chosen !== undefined
  const why = able
    ? active
      ? t('runNode.waits')
      : null
    : t('runNode.runFirst', { nodes: needed.join(', ') })
  return (
    <RunPart
      by="node"
      heading={t('runNode.heading')}
      action={t('runNode.run')}
      icon={<Play16Regular />}
      why={why}
      onBegin={able ? begin : null}
    >
      {chosen ? (
        <FormerRunField
          label={t('runNode.from')}
          hint={t('runNode.fromHint')}
          able={former.able}
          chosen={chosen}
          onChoose={choose}
        />
      ) : alone ? (
        <Text className={styles.quiet}>{t('runNode.alone')}</Text>
      ) : null}
    </RunPart>
  )
}
