import {
  makeStyles,
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  Text,
  tokens,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { RecordedSpec, Runtime, VariableView } from '../../backend/types'
import { Card } from '../../components/Card'
import { EmptyState } from '../../components/EmptyState'
import { type Fact, Facts, LongValue } from '../../components/Facts'
import { SkeletonLines } from '../../components/Late'
import { ProblemBar } from '../../components/ProblemBar'
import { formatBytes } from '../../format'
import { useAsk } from '../../state'
import { sizes } from '../../theme'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalL,
    maxWidth: sizes.readingWidth,
  },
  quiet: { color: tokens.colorNeutralForeground3 },
  list: { margin: 0, padding: 0, listStyleType: 'none' },
})

function useSpecFacts(spec: RecordedSpec): Fact[] {
  const styles = useStyles()
  const { t } = useTranslation('runtime')
  const { environment } = spec
  const fromEnvironment: Fact[] =
    environment.kind === 'default'
      ? [
          {
            label: t('configuration.environment'),
            value: t('configuration.defaultEnvironment', { repository: environment.repository }),
          },
          {
            label: t('configuration.version'),
            value: environment.version ?? t('configuration.newest'),
          },
        ]
      : [
          {
            label: t('configuration.image'),
            value: (
              <LongValue text={environment.reference} name={t('configuration.image')} length={64} />
            ),
          },
        ]
  return [
    { label: t('configuration.name'), value: spec.name },
    { label: t('configuration.description'), value: spec.description || null },
    ...fromEnvironment,
    {
      label: t('configuration.port'),
      value: spec.hostPort === 0 ? t('configuration.anyPort') : spec.hostPort,
    },
    { label: t('configuration.bindAddress'), value: spec.bindAddress },
    {
      label: t('configuration.targetPort'),
      value: spec.targetPort ?? t('configuration.fromImage'),
    },
    {
      label: t('configuration.memory'),
      value: spec.memoryLimit ? formatBytes(spec.memoryLimit) : t('configuration.none'),
    },
    { label: t('configuration.cpus'), value: spec.cpuLimit ?? t('configuration.none') },
    { label: t('configuration.restartPolicy'), value: spec.restartPolicy },
    {
      label: t('configuration.startCommand'),
      value: spec.startCommand || t('configuration.fromImage'),
    },
    { label: t('configuration.healthPath'), value: spec.healthPath || '/health' },
    {
      label: t('configuration.mounts'),
      value:
        spec.mounts.length === 0 ? (
          t('configuration.none')
        ) : (
          <ul className={styles.list}>
            {spec.mounts.map(({ source, target, readOnly }) => (
              <li key={target}>
                {`${source} → ${target}`}
                {readOnly ? `, ${t('overview.readOnly')}` : ''}
              </li>
            ))}
          </ul>
        ),
    },
  ]
}

function SpecCard({ spec }: { spec: RecordedSpec }) {
  const { t } = useTranslation('runtime')
  return (
    <Card heading={t('tabs.configuration')}>
      <Facts facts={useSpecFacts(spec)} />
    </Card>
  )
}

function Variables({ variables }: { variables: VariableView[] }) {
  const styles = useStyles()
  const { t } = useTranslation('runtime')
  if (variables.length === 0) return <Text>{t('configuration.none')}</Text>
  return (
    <Table size="small" aria-label={t('configuration.variables')}>
      <TableHeader>
        <TableRow>
          <TableHeaderCell>{t('configuration.variable')}</TableHeaderCell>
          <TableHeaderCell>{t('configuration.value')}</TableHeaderCell>
          <TableHeaderCell>{t('configuration.source')}</TableHeaderCell>
        </TableRow>
      </TableHeader>
      <TableBody>
        {variables.map(({ name, source }) => (
          <TableRow key={name}>
            <TableCell>{name}</TableCell>
            <TableCell className={styles.quiet}>
              <span role="img" aria-label={t('configuration.hidden')}>
                ••••••
              </span>
            </TableCell>
            <TableCell>{t(`configuration.sources.${source}`)}</TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  )
}

/** What was asked for, read only; variables by name. */
export function Configuration({ runtime }: { runtime: Runtime }) {
  const styles = useStyles()
  const { t } = useTranslation('runtime')
  const detail = useAsk('runtime_detail', { runtime: runtime.id })
  return (
    <div className={styles.root}>
      <Text className={styles.quiet}>{t('configuration.intro')}</Text>
      {runtime.spec ? (
        <SpecCard spec={runtime.spec} />
      ) : (
        <EmptyState title={t('configuration.noSpec')}>{t('configuration.noSpecBody')}</EmptyState>
      )}
      <Card heading={t('configuration.variables')}>
        <Text className={styles.quiet}>{t('configuration.variablesHint')}</Text>
        {detail.error ? (
          <ProblemBar problem={detail.error.problem} onRetry={() => detail.refetch()} />
        ) : null}
        {detail.isPending ? <SkeletonLines lines={4} /> : null}
        {detail.data ? <Variables variables={detail.data.variables} /> : null}
      </Card>
    </div>
  )
}
