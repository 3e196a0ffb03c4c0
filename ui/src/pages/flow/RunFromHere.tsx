import {
  Button,
  Menu,
  MenuItem,
  MenuList,
  MenuPopover,
  type MenuProps,
  MenuTrigger,
  makeStyles,
  Text,
  Tooltip,
  tokens,
} from '@fluentui/react-components'
import {
  FastForward16Regular,
  FastForward20Regular,
  MoreHorizontal20Regular,
} from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import type { FlowNode, FlowRun } from '../../backend/types'
import { formatExact } from '../../format'
import { FormerRunField, RunPart, useChosenRun, useFormerRuns } from './FormerRun'
import { allBefore, leavesOut } from './model'
import { useFlowPage } from './page'

const useStyles = makeStyles({
  line: { display: 'block', color: tokens.colorNeutralForeground2 },
})

/** What running the flow from a node on would take over, and the way to begin it. */
function useFromHere(name: string) {
  const { t } = useTranslation('flow')
  const { view, active, hindrance, starting, start, showNode } = useFlowPage()
  const needed = allBefore(view, name)
  const former = useFormerRuns(needed)
  const { first } = former
  /** Why it cannot be begun, a sentence; `null` = it can. */
  const why = (): string | null => {
    if (hindrance !== null) return hindrance
    if (active) return t('runNode.waits')
    if (!leavesOut(view, name)) return t('fromHere.whole')
    if (first) return null
    return needed.length > 0
      ? t('fromHere.runFirst', { nodes: needed.join(', ') })
      : t('fromHere.first')
  }
  return {
    former,
    why: why(),
    begin: (from: FlowRun | undefined) => {
      if (starting !== null || active || !from) return
      // What it comes to, and why it was perhaps refused, is told in the panel of the node.
      showNode(name)
      start('fromHere', { fromNode: name, from: from.id })
    },
  }
}

/** Runs the flow from a node on, with what the nodes before it gave in a run that is chosen. */
export function RunFromHere({ node }: { node: FlowNode }) {
  const { t } = useTranslation('flow')
  const { view, hindrance } = useFlowPage()
  const { former, why, begin } = useFromHere(node.name)
  const [chosen, choose] = useChosenRun(former)
  if (hindrance !== null || !leavesOut(view, node.name)) return null
  return (
    <RunPart
      by="fromHere"
      heading={t('fromHere.heading')}
      action={t('fromHere.run')}
      icon={<FastForward16Regular />}
      why={why}
      onBegin={chosen ? () => begin(chosen) : null}
    >
      {chosen ? (
        <FormerRunField
          label={t('fromHere.from')}
          hint={t('fromHere.fromHint')}
          able={former.able}
          chosen={chosen}
          onChoose={choose}
        />
      ) : null}
    </RunPart>
  )
}

/** What can be done with a node where only its name is shown. */
function NodeItems({ node }: { node: string }) {
  const styles = useStyles()
  const { t } = useTranslation('flow')
  const {
    former: { first },
    why,
    begin,
  } = useFromHere(node)
  return (
    <MenuList>
      <MenuItem
        icon={<FastForward20Regular />}
        disabled={why !== null}
        onClick={() => begin(first)}
      >
        {t('fromHere.run')}
        <Text size={200} className={styles.line}>
          {why ?? (first ? t('fromHere.with', { time: formatExact(first.started) }) : '')}
        </Text>
      </MenuItem>
    </MenuList>
  )
}

/** The menu of a node at a place of the window, e.g. where it was asked for in the graph. */
export function NodeMenuAt({
  node,
  at,
  onClose,
}: {
  node: string
  at: NonNullable<NonNullable<MenuProps['positioning']> & object>
  onClose: () => void
}) {
  return (
    <Menu
      open
      positioning={at}
      onOpenChange={(_, { open }) => {
        if (!open) onClose()
      }}
    >
      <MenuPopover>
        <NodeItems node={node} />
      </MenuPopover>
    </Menu>
  )
}

/** The menu of a node behind a button. */
export function NodeMenu({ node }: { node: string }) {
  const { t } = useTranslation('flow')
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement>
        <Tooltip content={t('fromHere.menu', { node })} relationship="label">
          <Button size="small" appearance="subtle" icon={<MoreHorizontal20Regular />} />
        </Tooltip>
      </MenuTrigger>
      <MenuPopover>
        <NodeItems node={node} />
      </MenuPopover>
    </Menu>
  )
}
