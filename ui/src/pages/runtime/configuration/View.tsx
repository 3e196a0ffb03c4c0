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
import { paths } from '../../../app/paths'
import type { ConfigurationView, RecordedSpec, Runtime, VariableView } from '../../../backend/types'
import { Card } from '../../../components/Card'
import { EmptyState } from '../../../components/EmptyState'
import { type Fact, Facts, LongValue } from '../../../components/Facts'
import { GoLink } from '../../../components/GoLink'
import { SkeletonLines } from '../../../components/Late'
import { ProblemBar } from '../../../components/ProblemBar'
import { formatBytes } from '../../../format'
import { useAsk } from '../../../state'
import { sizes } from '../../../theme'

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

/** Facts of the spec that cannot be changed here. */
function useMadeFrom(spec: RecordedSpec): Fact[] {
  const { t } = useTranslation('configuration')
  const { environment } = spec
  const fromEnvironment: Fact[] =
    environment.kind === 'default'
      ? [
          {
            label: t('view.environment'),
            value: t('view.defaultEnvironment', { repository: environment.repository }),
          },
          { label: t('view.version'), value: environment.version ?? t('view.newest') },
        ]
      : environment.kind === 'named'
        ? [
            {
              label: t('view.environment'),
              value: <GoLink to={paths.environment(environment.id)}>{environment.name}</GoLink>,
            },
            { label: t('view.version'), value: environment.version },
          ]
        : [
            {
              label: t('view.image'),
              value: <LongValue text={environment.reference} name={t('view.image')} length={64} />,
            },
          ]
  return [
    { label: t('view.name'), value: spec.name },
    ...fromEnvironment,
    { label: t('view.targetPort'), value: spec.targetPort ?? t('view.fromImage') },
    { label: t('view.startCommand'), value: spec.startCommand || t('view.fromImage') },
    { label: t('view.healthPath'), value: spec.healthPath || '/health' },
  ]
}

function MadeFrom({ spec }: { spec: RecordedSpec }) {
  const { t } = useTranslation('configuration')
  return (
    <Card heading={t('view.madeFrom')}>
      <Facts facts={useMadeFrom(spec)} />
    </Card>
  )
}

function useSettings(view: ConfigurationView): Fact[] {
  const styles = useStyles()
  const { t } = useTranslation(['configuration', 'fields'])
  return [
    {
      label: t('view.description'),
      value: view.description ? (
        <>
          {view.description}
          {view.descriptionNotInLabel ? (
            <Text block size={200} className={styles.quiet}>
              {t('view.newDescription')}
            </Text>
          ) : null}
        </>
      ) : null,
    },
    {
      label: t('view.port'),
      value: view.hostPort === 0 ? t('view.anyPort') : view.hostPort,
    },
    { label: t('view.bindAddress'), value: view.bindAddress },
    {
      label: t('view.memory'),
      value: view.memoryLimit === null ? t('view.none') : formatBytes(view.memoryLimit),
    },
    { label: t('view.cpus'), value: view.cpuLimit ?? t('view.none') },
    { label: t('view.restartPolicy'), value: t(`fields:policy.${view.restartPolicy}`) },
    {
      label: t('view.mounts'),
      value:
        view.mounts.length === 0 ? (
          t('view.none')
        ) : (
          <ul className={styles.list}>
            {view.mounts.map(({ source, target, readOnly }) => (
              <li key={target}>
                {t(readOnly ? 'view.mountReadOnly' : 'view.mount', { source, target })}
              </li>
            ))}
          </ul>
        ),
    },
  ]
}

function Settings({ view }: { view: ConfigurationView }) {
  const { t } = useTranslation('configuration')
  return (
    <Card heading={t('view.settings')}>
      <Facts facts={useSettings(view)} />
    </Card>
  )
}

function Variables({ variables }: { variables: VariableView[] }) {
  const styles = useStyles()
  const { t } = useTranslation('configuration')
  if (variables.length === 0) return <Text>{t('view.none')}</Text>
  return (
    <Table size="small" aria-label={t('view.variables')}>
      <TableHeader>
        <TableRow>
          <TableHeaderCell>{t('view.variable')}</TableHeaderCell>
          <TableHeaderCell>{t('view.value')}</TableHeaderCell>
          <TableHeaderCell>{t('view.source')}</TableHeaderCell>
        </TableRow>
      </TableHeader>
      <TableBody>
        {variables.map(({ name, source }) => (
          <TableRow key={name}>
            <TableCell>{name}</TableCell>
            <TableCell className={styles.quiet}>
              <span role="img" aria-label={t('view.hidden')}>
                ••••••
              </span>
            </TableCell>
            <TableCell>{t(`view.sources.${source}`)}</TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  )
}

/** What the runtime has, read only; variables by name. */
export function View({
  runtime,
  view,
}: {
  runtime: Runtime
  /** `undefined` while it is not known. */
  view: ConfigurationView | undefined
}) {
  const styles = useStyles()
  const { t } = useTranslation('configuration')
  const detail = useAsk('runtime_detail', { runtime: runtime.id })
  return (
    <div className={styles.root}>
      <Text className={styles.quiet}>{t('view.intro')}</Text>
      {view ? <Settings view={view} /> : null}
      <Card heading={t('view.variables')}>
        {detail.error ? (
          <ProblemBar problem={detail.error.problem} onRetry={() => detail.refetch()} />
        ) : null}
        {detail.isPending ? <SkeletonLines lines={4} /> : null}
        {detail.data ? <Variables variables={detail.data.variables} /> : null}
      </Card>
      {runtime.spec ? (
        <MadeFrom spec={runtime.spec} />
      ) : (
        <EmptyState title={t('view.noSpec')}>{t('view.noSpecBody')}</EmptyState>
      )}
    </div>
  )
}
