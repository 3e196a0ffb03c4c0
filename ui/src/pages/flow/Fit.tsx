import {
  Button,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
  Spinner,
  Text,
  tokens,
} from '@fluentui/react-components'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { paths } from '../../app/paths'
import type { ConnectionType, FlowFinding, FlowView } from '../../backend/types'
import { Fold } from '../../components/Fold'
import { GoLink } from '../../components/GoLink'
import { Late } from '../../components/Late'
import { Pre } from '../../components/Pre'
import { ProblemBar } from '../../components/ProblemBar'
import { ToneMark } from '../../components/StatusBadge'
import { useAsk, useRuntime } from '../../state'
import { AddPackagesDialog } from '../runtime/packages/AddPackagesDialog'
import { useFlowPage } from './page'

const useStyles = makeStyles({
  state: { display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalS },
  bar: { paddingBlock: tokens.spacingVerticalS, userSelect: 'text' },
  list: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalS,
    margin: `${tokens.spacingVerticalXS} 0 0`,
    padding: 0,
    listStyleType: 'none',
  },
  item: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'baseline',
    columnGap: tokens.spacingHorizontalM,
  },
  words: { flexGrow: 1, flexBasis: '280px' },
})

/** Whether the flow fits the chosen runtime; asked when both can be. */
function useFit() {
  const { view, runtime, draft, hindrance } = useFlowPage()
  return useAsk(
    'check_flow_fit',
    { flow: view.flow, runtime: runtime?.runtime ?? '', variants: { ...draft.variants } },
    { enabled: hindrance === null && runtime !== null, staleTime: 5 * 60_000 },
  )
}

/** Whether it fits, in a word. */
export function FitState() {
  const styles = useStyles()
  const { t } = useTranslation('flow')
  const { runtime } = useFlowPage()
  const { data, error, isFetching } = useFit()
  const name = runtime?.name ?? ''
  if (isFetching) {
    return (
      <Late>
        <span className={styles.state} role="status">
          <Spinner size="extra-tiny" aria-hidden="true" />
          <Text>{t('fit.looking', { name })}</Text>
        </span>
      </Late>
    )
  }
  if (error) return <ToneMark tone="warning">{t('fit.unknown')}</ToneMark>
  if (!data) return null
  return data.findings.length === 0 ? (
    <ToneMark tone="good">{t('fit.good', { name })}</ToneMark>
  ) : (
    <ToneMark tone="warning">{t('fit.missing', { count: data.findings.length })}</ToneMark>
  )
}

/** The packages whose installation mends a finding. */
function packagesOf(finding: FlowFinding): string[] {
  if (finding.kind === 'missingModule') return [finding.package]
  return finding.kind === 'missingTool' && finding.package !== null ? [finding.package] : []
}

const keyOf = (finding: FlowFinding) => JSON.stringify({ ...finding, problem: undefined })

const PROVIDERS: Readonly<Record<string, ConnectionType>> = {
  AzureOpenAI: 'azureOpenAi',
  OpenAI: 'openAi',
  Serverless: 'serverless',
}

/** The type that a connection has to have, as far as the nodes that use it tell; `null` = they do not. */
export function typeOfMissing({ model }: FlowView, name: string): ConnectionType | null {
  const variants = model?.variants.flatMap((all) => all.variants.map(({ node }) => node)) ?? []
  const nodes = [...(model?.nodes ?? []), ...variants]
  const provider = nodes.find(({ connection }) => connection === name)?.provider
  return (provider && PROVIDERS[provider]) || null
}

function Fix({
  finding,
  onInstall,
}: {
  finding: FlowFinding
  onInstall: (packages: string[]) => void
}) {
  const { t } = useTranslation('flow')
  const { showPlace, view } = useFlowPage()
  const packages = packagesOf(finding)
  if (packages.length > 0) {
    return (
      <Button size="small" onClick={() => onInstall(packages)}>
        {t('fit.add', { name: packages.join(' ') })}
      </Button>
    )
  }
  if (finding.kind === 'missingConnection') {
    return (
      <GoLink to={paths.addConnection(finding.name, typeOfMissing(view, finding.name))}>
        {t('fit.addConnection', { name: finding.name })}
      </GoLink>
    )
  }
  if (finding.kind === 'cannotLoad') {
    const { file, line } = finding
    const node = view.model?.nodes.find(({ source }) => source?.path === file)?.name ?? null
    return (
      <Button size="small" onClick={() => showPlace({ file, line, node })}>
        {t('show', { file })}
      </Button>
    )
  }
  return null
}

/** What the runtime lacks, each with what mends it. */
export function FitFindings() {
  const styles = useStyles()
  const { t } = useTranslation(['flow', 'common'])
  const { runtime, hindrance } = useFlowPage()
  const { data, error, refetch, isFetching } = useFit()
  const [install, setInstall] = useState<string[] | null>(null)
  const target = useRuntime(runtime?.runtime ?? '')
  if (!runtime || hindrance !== null) return null
  if (error && !isFetching) {
    return (
      <ProblemBar
        problem={{ ...error.problem, retry: true }}
        title={t('fit.unknown')}
        onRetry={() => refetch()}
      />
    )
  }
  const findings = data?.findings ?? []
  const packages = [...new Set(findings.flatMap(packagesOf))]
  return (
    <>
      {findings.length > 0 ? (
        <MessageBar
          intent="warning"
          layout="multiline"
          role="group"
          aria-label={t('fit.title', { name: runtime.name })}
          className={styles.bar}
        >
          <MessageBarBody>
            <MessageBarTitle>{t('fit.title', { name: runtime.name })}</MessageBarTitle>
            <ul className={styles.list}>
              {findings.map((finding) => (
                <li key={keyOf(finding)} className={styles.item}>
                  <div className={styles.words}>
                    {[finding.problem.sentence, ...finding.problem.hints].join(' ')}
                    {finding.problem.details ? (
                      <Fold label={t('common:details')}>
                        <Pre>{finding.problem.details}</Pre>
                      </Fold>
                    ) : null}
                  </div>
                  <Fix finding={finding} onInstall={setInstall} />
                </li>
              ))}
            </ul>
          </MessageBarBody>
          <MessageBarActions>
            {packages.length > 1 ? (
              <Button onClick={() => setInstall(packages)}>
                {t('fit.addAll', { count: packages.length })}
              </Button>
            ) : null}
            <Button disabledFocusable={isFetching} onClick={() => refetch()}>
              {t('fit.again')}
            </Button>
          </MessageBarActions>
        </MessageBar>
      ) : null}
      {install && target ? (
        <AddPackagesDialog
          runtime={target}
          packages={install}
          onClose={() => {
            setInstall(null)
            void refetch()
          }}
        />
      ) : null}
    </>
  )
}
