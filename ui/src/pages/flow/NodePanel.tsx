import { Dropdown, Field, makeStyles, Option, Text, tokens } from '@fluentui/react-components'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import type { FlowNode, NodeVariants } from '../../backend/types'
import { Block } from '../../components/decision/Block'
import { type Fact, Facts } from '../../components/Facts'
import { Fold } from '../../components/Fold'
import { ConnectionField } from '../../components/flow/ConnectionField'
import { isActive, NodeStateBadge, NodeTook } from '../../components/flow/states'
import { Failure } from './Failure'
import { chosenVariant, connectionInputs, nodeAsChosen, nodesByName, variantsOf } from './model'
import { NodeIcon } from './NodeIcon'
import { NodeResult } from './NodeResult'
import { PanelFrame } from './PanelFrame'
import { useFlowPage } from './page'
import { RunFromHere } from './RunFromHere'
import { RunNode } from './RunNode'
import { SlowBar } from './SlowNodes'
import { SourceView } from './SourceView'

const useStyles = makeStyles({
  state: { display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalS },
  inputs: {
    display: 'grid',
    gridTemplateColumns: 'minmax(72px, max-content) minmax(0, 1fr)',
    columnGap: tokens.spacingHorizontalM,
    rowGap: tokens.spacingVerticalXXS,
    margin: 0,
  },
  name: { color: tokens.colorNeutralForeground3 },
  value: {
    margin: 0,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    overflowWrap: 'anywhere',
    userSelect: 'text',
  },
})

function useFacts(node: FlowNode): Fact[] {
  const { t } = useTranslation('flow')
  const kind = t(`kind.${node.kind}`)
  return [
    { label: t('node.kind'), value: node.api ? `${kind} · ${node.api}` : kind },
    ...(node.provider ? [{ label: t('node.provider'), value: node.provider }] : []),
    ...(node.source?.path ? [{ label: t('node.source'), value: node.source.path }] : []),
    ...(node.source?.tool ? [{ label: t('node.tool'), value: node.source.tool }] : []),
    ...(node.activate
      ? [
          {
            label: t('node.activate'),
            value: t('node.when', {
              when: node.activate.when,
              is: JSON.stringify(node.activate.is),
            }),
          },
        ]
      : []),
    ...(node.aggregation
      ? [{ label: t('node.aggregation'), value: t('node.aggregationBody') }]
      : []),
    ...(node.comment ? [{ label: t('node.comment'), value: node.comment }] : []),
  ]
}

function VariantField({ variants }: { variants: NodeVariants }) {
  const { t } = useTranslation('flow')
  const listId = useId()
  const { draft, change } = useFlowPage()
  const chosen = chosenVariant(variants, draft)
  const word = (id: string) =>
    id === variants.default ? t('node.variantDefault', { variant: id }) : id
  return (
    <Field label={t('node.variant')}>
      <Dropdown
        id={listId}
        value={word(chosen)}
        selectedOptions={[chosen]}
        onOptionSelect={(_, { optionValue }) => {
          if (optionValue === undefined) return
          const { [variants.node]: _before, ...others } = draft.variants
          change({
            variants:
              optionValue === variants.default
                ? others
                : { ...others, [variants.node]: optionValue },
          })
        }}
      >
        {variants.variants.map(({ id }) => (
          <Option key={id} value={id} text={word(id)}>
            {word(id)}
          </Option>
        ))}
      </Dropdown>
    </Field>
  )
}

function WrittenInputs({ node }: { node: FlowNode }) {
  const styles = useStyles()
  const { t } = useTranslation('flow')
  if (node.inputs.length === 0) return <Text>{t('node.noInputs')}</Text>
  return (
    <dl className={styles.inputs}>
      {node.inputs.map(({ name, value }) => [
        <dt key={`${name} name`} className={styles.name}>
          {name}
        </dt>,
        <dd key={`${name} value`} className={styles.value}>
          {typeof value === 'string' ? value : JSON.stringify(value)}
        </dd>,
      ])}
    </dl>
  )
}

function Content({ node }: { node: FlowNode }) {
  const styles = useStyles()
  const { t } = useTranslation(['flow', 'flowRun'])
  const { view, run, file, line, draft, change } = useFlowPage()
  const { name, source } = node
  const facts = useFacts(node)
  const variants = variantsOf(view, name)
  const nodeRun = nodesByName(run?.nodes ?? []).get(name)
  const over = run === null || !isActive(run)
  return (
    <>
      {nodeRun ? (
        <div className={styles.state}>
          <NodeStateBadge node={nodeRun} ended={over} />
          <NodeTook node={nodeRun} over={over} />
          {nodeRun.tokens ? (
            <Text>{t('flowRun:tokens', { count: nodeRun.tokens.total })}</Text>
          ) : null}
        </div>
      ) : null}
      {nodeRun?.takenOver ? <Text>{t('flowRun:takenOver')}</Text> : null}
      {nodeRun?.failure ? <Failure failure={nodeRun.failure} node={name} /> : null}
      {nodeRun?.slow && !over ? <SlowBar node={nodeRun} /> : null}
      {file !== null && file !== source?.path ? (
        <Fold key={`other ${file}:${line}`} label={t('node.showSource', { file })} open whole>
          <SourceView path={file} line={line} />
        </Fold>
      ) : null}
      <Facts facts={facts} />
      {variants ? <VariantField variants={variants} /> : null}
      {connectionInputs(node, view).map(({ input, connection, types }) => (
        <ConnectionField
          key={input}
          view={view}
          node={name}
          input={input}
          written={connection}
          types={types}
          label={input === 'connection' ? t('node.connection') : t('node.connectionOf', { input })}
          chosen={draft.connections}
          onChange={(connections) => change({ connections })}
        />
      ))}
      <Block heading={t('node.inputs')}>
        <WrittenInputs node={node} />
      </Block>
      {nodeRun ? <NodeResult node={name} /> : null}
      {source?.path ? (
        <Fold
          key={`own ${file}:${line}`}
          label={t('node.showSource', { file: source.path })}
          open={file === source.path}
          whole
        >
          <SourceView path={source.path} line={file === source.path ? line : null} />
        </Fold>
      ) : null}
      <RunFromHere node={node} />
      <RunNode node={node} />
    </>
  )
}

/** One step: what it is, its choices, and what it took and gave in the run that is shown. */
export function NodePanel({ name }: { name: string }) {
  const { t } = useTranslation('flow')
  const { view, draft, go } = useFlowPage()
  const node = nodeAsChosen(view, name, draft)
  return (
    <PanelFrame
      heading={name}
      {...(node ? { icon: <NodeIcon kind={node.kind} /> } : {})}
      onClose={() => go({ node: null, file: null, line: null })}
    >
      {node ? <Content key={name} node={node} /> : <Text>{t('node.gone')}</Text>}
    </PanelFrame>
  )
}
