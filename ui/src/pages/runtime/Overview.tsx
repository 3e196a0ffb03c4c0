import { makeStyles, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { PublishedPort, Runtime, RuntimeDetail } from '../../backend/types'
import { Card } from '../../components/Card'
import { CommandLine } from '../../components/CommandLine'
import { CopyButton } from '../../components/CopyButton'
import { namedTitle } from '../../components/environment/named'
import { PassedOverList } from '../../components/environment/PassedOverList'
import { Facts, LongValue } from '../../components/Facts'
import { OutLink } from '../../components/GoLink'
import { SkeletonLines } from '../../components/Late'
import { Lasting, Moment } from '../../components/Moment'
import { ProblemBar } from '../../components/ProblemBar'
import { Sparkline } from '../../components/Sparkline'
import { StatusBadge } from '../../components/StatusBadge'
import { formatBytes, formatPercent, shortDigest } from '../../format'
import { useAsk, useUsage } from '../../state'
import { USAGE_READINGS } from '../../state/live'
import { sizes } from '../../theme'
import { UpdatesCard } from './policy/UpdatesCard'
import type { VersionState } from './useVersionCheck'
import { isAnnounced } from './VersionBar'

const useStyles = makeStyles({
  root: {
    columnWidth: sizes.cardWidth,
    columnGap: tokens.spacingHorizontalL,
    // On a line of its own each: the margin of a block moves to the next column's top in WebKit.
    '> *': {
      display: 'inline-flex',
      boxSizing: 'border-box',
      width: '100%',
      verticalAlign: 'top',
      breakInside: 'avoid',
      marginBottom: tokens.spacingVerticalL,
    },
  },
  line: { display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalS },
  list: { margin: 0, padding: 0, listStyleType: 'none' },
  quiet: { color: tokens.colorNeutralForeground3 },
})

function EndpointCard({ runtime, curl }: { runtime: Runtime; curl: string | null }) {
  const styles = useStyles()
  const { t } = useTranslation('runtime')
  return (
    <Card heading={t('overview.endpoint')}>
      {runtime.endpoint === null ? (
        <Text className={styles.quiet}>
          {runtime.ports.length === 0 ? t('overview.noEndpoint') : t('overview.notRunning')}
        </Text>
      ) : (
        <>
          <span className={styles.line}>
            <OutLink url={runtime.endpoint}>{runtime.endpoint}</OutLink>
            <CopyButton text={runtime.endpoint} name={t('overview.address')} />
          </span>
          <CommandLine
            command={`curl ${runtime.endpoint}/health`}
            name={t('overview.healthRequest')}
          />
          {runtime.protocol === 'executor' ? (
            <>
              {curl ? <CommandLine command={curl} name={t('overview.versionRequest')} /> : null}
              <OutLink url={`${runtime.endpoint}/docs`}>{t('overview.openApi')}</OutLink>
            </>
          ) : null}
        </>
      )}
    </Card>
  )
}

function useNewest({ check, checking }: VersionState): string {
  const { t } = useTranslation('runtime')
  if (!check) return checking ? t('version.checking') : t('version.notAsked')
  const { answer } = check
  switch (answer.kind) {
    case 'upToDate':
      return t('version.upToDate')
    case 'rebuilt':
      return t('version.rebuiltShort')
    case 'newerOfEnvironment':
      return t('version.environment.newerShort', { name: answer.name, version: answer.to })
    case 'newerBase':
      return t('version.environment.baseShort')
    case 'unknown':
      return t('version.unknownShort')
    case 'newer': {
      const version = answer.version ?? answer.image
      if (answer.skipped) return t('version.skipped', { version })
      return t(isAnnounced(answer) ? 'version.newer' : 'version.snoozed', { version })
    }
  }
}

function ImageCard({
  runtime,
  detail,
  version,
}: {
  runtime: Runtime
  detail: RuntimeDetail | undefined
  version: VersionState
}) {
  const styles = useStyles()
  const { t } = useTranslation('runtime')
  const newest = useNewest(version)
  const { check } = version
  const passedOver = check && 'passedOver' in check.answer ? check.answer.passedOver : []
  return (
    <Card heading={t('overview.image')}>
      <Facts
        facts={[
          {
            label: t('overview.reference'),
            value: <LongValue text={runtime.image} name={t('overview.reference')} length={26} />,
          },
          { label: t('overview.version'), value: namedTitle(runtime) ?? runtime.version },
          {
            label: t('overview.check'),
            value: (
              <>
                {newest}
                {check ? (
                  <Text className={styles.quiet}>
                    {`, ${t('version.checked')} `}
                    <Moment time={check.checked} />
                  </Text>
                ) : null}
              </>
            ),
          },
          {
            label: t('overview.digest'),
            value: runtime.digest ? (
              <LongValue
                text={runtime.digest}
                shown={shortDigest(runtime.digest)}
                name={t('overview.digest')}
              />
            ) : null,
          },
          { label: t('overview.promptflow'), value: detail?.promptflow },
          { label: t('overview.tools'), value: detail?.tools },
          { label: t('overview.python'), value: detail?.python },
          {
            label: t('overview.imageCreated'),
            value: detail?.imageCreated ? <Moment time={detail.imageCreated} /> : null,
          },
          {
            label: t('overview.imageSize'),
            value: detail?.imageSize ? formatBytes(detail.imageSize) : null,
          },
        ]}
      />
      {passedOver.length > 0 ? <PassedOverList passedOver={passedOver} /> : null}
      {check?.supportEnded ? (
        <Text className={styles.quiet}>
          {t('version.supportEnded', { date: check.supportEnded })}
        </Text>
      ) : null}
    </Card>
  )
}

function NowCard({ runtime }: { runtime: Runtime }) {
  const styles = useStyles()
  const { t } = useTranslation('runtime')
  const usage = useUsage(runtime.id)
  return (
    <Card heading={t('overview.now')}>
      <Facts
        facts={[
          { label: t('overview.status'), value: <StatusBadge status={runtime.status} /> },
          {
            label: t('overview.cpu'),
            value: usage ? (
              <span className={styles.line}>
                {formatPercent(usage.now.cpuPercent)}
                <Sparkline values={usage.cpu} readings={USAGE_READINGS} width={96} />
              </span>
            ) : null,
          },
          {
            label: t('overview.memory'),
            value: usage
              ? t('overview.memoryOf', {
                  used: formatBytes(usage.now.memory),
                  limit: formatBytes(usage.now.memoryLimit),
                })
              : null,
          },
          {
            label: t('overview.uptime'),
            value: runtime.started ? <Lasting from={runtime.started} to={null} /> : null,
          },
          { label: t('overview.restarts'), value: runtime.restartCount },
        ]}
      />
    </Card>
  )
}

function AboutCard({ runtime, detail }: { runtime: Runtime; detail: RuntimeDetail | undefined }) {
  const { t } = useTranslation('runtime')
  const limits = [
    runtime.cpuLimit > 0 ? t('overview.cpuLimit', { count: runtime.cpuLimit }) : '',
    runtime.memoryLimit > 0
      ? t('overview.memoryLimit', { size: formatBytes(runtime.memoryLimit) })
      : '',
  ].filter((limit) => limit !== '')
  const { previous } = runtime
  return (
    <Card heading={t('overview.about')}>
      <Facts
        facts={[
          ...(runtime.spec?.description
            ? [{ label: t('overview.description'), value: runtime.spec.description }]
            : []),
          { label: t('overview.compute'), value: runtime.computeName },
          { label: t('overview.environment'), value: runtime.environment },
          { label: t('overview.created'), value: <Moment time={runtime.created} /> },
          { label: t('overview.creator'), value: runtime.creator },
          {
            label: t('overview.generation'),
            value:
              runtime.generation > 1
                ? t('overview.generation', { count: runtime.generation - 1 })
                : t('overview.generationNever'),
          },
          ...(previous
            ? [
                {
                  label: t('overview.previous'),
                  value: t(previous.kept ? 'overview.previousKept' : 'overview.previousImage', {
                    version: previous.version ?? previous.image,
                  }),
                },
              ]
            : []),
          { label: t('overview.limits'), value: limits.join(', ') || t('overview.noLimits') },
          { label: t('overview.restartPolicy'), value: runtime.restartPolicy },
          {
            label: t('overview.container'),
            value: (
              <LongValue
                text={runtime.containerId}
                shown={runtime.containerId.slice(0, 12)}
                name={t('overview.container')}
              />
            ),
          },
          ...(detail?.command
            ? [
                {
                  label: t('overview.command'),
                  value: (
                    <LongValue text={detail.command} name={t('overview.command')} length={48} />
                  ),
                },
              ]
            : []),
        ]}
      />
    </Card>
  )
}

function StorageCard({ runtime, detail }: { runtime: Runtime; detail: RuntimeDetail | undefined }) {
  const styles = useStyles()
  const { t } = useTranslation('runtime')
  const port = ({ hostAddress, hostPort, containerPort, protocol }: PublishedPort) => {
    const address =
      hostAddress === '' || hostAddress === '0.0.0.0' ? t('overview.anyAddress') : hostAddress
    return `${address}:${hostPort} → ${containerPort}/${protocol}`
  }
  return (
    <Card heading={t('overview.storage')}>
      <Facts
        facts={[
          {
            label: t('overview.ports'),
            value:
              runtime.ports.length === 0 ? null : (
                <ul className={styles.list}>
                  {runtime.ports.map((one) => (
                    <li key={port(one)}>{port(one)}</li>
                  ))}
                </ul>
              ),
          },
          {
            label: t('overview.mounts'),
            value:
              runtime.mounts.length === 0 ? null : (
                <ul className={styles.list}>
                  {runtime.mounts.map(({ source, target, readOnly }) => (
                    <li key={target}>
                      {`${source || t('overview.tmpfs')} → ${target}`}
                      {readOnly ? `, ${t('overview.readOnly')}` : ''}
                    </li>
                  ))}
                </ul>
              ),
          },
          { label: t('overview.networks'), value: detail?.networks.join(', ') || null },
        ]}
      />
    </Card>
  )
}

export function Overview({ runtime, version }: { runtime: Runtime; version: VersionState }) {
  const styles = useStyles()
  const { t } = useTranslation('runtime')
  const detail = useAsk('runtime_detail', { runtime: runtime.id })
  return (
    <>
      {detail.error ? (
        <ProblemBar problem={detail.error.problem} onRetry={() => detail.refetch()} />
      ) : null}
      {detail.data?.cannotUpdate.map((problem) => (
        <ProblemBar key={problem.sentence} problem={problem} outcome={t('overview.cannotUpdate')} />
      ))}
      {detail.isPending ? <SkeletonLines lines={1} height={12} /> : null}
      <div className={styles.root}>
        <EndpointCard runtime={runtime} curl={detail.data?.curl ?? null} />
        <NowCard runtime={runtime} />
        <ImageCard runtime={runtime} detail={detail.data} version={version} />
        <UpdatesCard runtime={runtime} />
        <AboutCard runtime={runtime} detail={detail.data} />
        <StorageCard runtime={runtime} detail={detail.data} />
      </div>
    </>
  )
}
