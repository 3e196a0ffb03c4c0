import { Link, makeStyles, mergeClasses, Text, Tooltip, tokens } from '@fluentui/react-components'
import { ArrowCircleUp16Filled, LockClosed16Regular } from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import { paths } from '../../app/paths'
import type { Runtime } from '../../backend/types'
import { CopyButton } from '../../components/CopyButton'
import { namedOf } from '../../components/environment/named'
import { GoLink, OutLink } from '../../components/GoLink'
import { Sparkline } from '../../components/Sparkline'
import { StatusBadge } from '../../components/StatusBadge'
import { cutMiddle, formatBytes, formatPercent } from '../../format'
import { offered, runRemedy, useRemedyLabel, withDiagnosis } from '../../problems/remedies'
import { useUsage } from '../../state'
import { USAGE_READINGS } from '../../state/live'
import { useRuntimeActions } from '../runtime/useRuntimeActions'

const useStyles = makeStyles({
  line: {
    display: 'flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalXS,
    minWidth: 0,
  },
  cut: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap', minWidth: 0 },
  update: { display: 'inline-flex', color: tokens.colorBrandForeground1 },
  number: { fontVariantNumeric: 'tabular-nums', whiteSpace: 'nowrap' },
  percent: { minWidth: '40px', flexShrink: 0 },
  quiet: { color: tokens.colorNeutralForeground3 },
  finding: {
    display: 'flex',
    columnGap: tokens.spacingHorizontalS,
    minWidth: 0,
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground2,
  },
  fix: { fontSize: tokens.fontSizeBase200, whiteSpace: 'nowrap' },
})

export function NameCell({ runtime }: { runtime: Runtime }) {
  const styles = useStyles()
  const { t } = useTranslation(['runtimes', 'common'])
  return (
    <span className={styles.line}>
      <GoLink to={paths.runtime(runtime.id)} className={styles.cut}>
        {runtime.name}
      </GoLink>
      {runtime.lock && !runtime.lock.ours ? (
        <Tooltip content={t('lockedBy', { who: runtime.lock.who })} relationship="label">
          <LockClosed16Regular />
        </Tooltip>
      ) : null}
    </span>
  )
}

export function StatusCell({ runtime }: { runtime: Runtime }) {
  if (runtime.statusReason === '') return <StatusBadge status={runtime.status} />
  return (
    <Tooltip content={runtime.statusReason} relationship="description">
      <span>
        <StatusBadge status={runtime.status} />
      </span>
    </Tooltip>
  )
}

/** The version of its environment or of its image, else the end of the image's reference. */
export function shownVersion(runtime: Runtime): string {
  const { version, image } = runtime
  const named = namedOf(runtime)
  if (named) return String(named.version)
  return version ?? cutMiddle(image.slice(image.lastIndexOf('/') + 1), 24)
}

/** Where it is reached, without the protocol. */
export function shownEndpoint({ endpoint }: Runtime): string | null {
  return endpoint === null ? null : endpoint.replace(/^https?:\/\//, '')
}

export function VersionCell({ runtime }: { runtime: Runtime }) {
  const styles = useStyles()
  const { t } = useTranslation(['runtimes', 'common'])
  return (
    <span className={styles.line}>
      <span className={styles.cut} title={runtime.image}>
        {shownVersion(runtime)}
      </span>
      {runtime.updateAvailable ? (
        <Tooltip
          content={t('updateMark', { version: runtime.updateAvailable, name: runtime.name })}
          relationship="label"
        >
          <span className={styles.update} role="img">
            <ArrowCircleUp16Filled aria-hidden="true" />
          </span>
        </Tooltip>
      ) : null}
    </span>
  )
}

export function EndpointCell({ runtime }: { runtime: Runtime }) {
  const styles = useStyles()
  const { t } = useTranslation(['runtimes', 'common'])
  if (runtime.endpoint === null) return <span>{t('common:noValue')}</span>
  return (
    <span className={styles.line}>
      <OutLink url={runtime.endpoint} className={styles.cut} title={runtime.endpoint}>
        {shownEndpoint(runtime)}
      </OutLink>
      <CopyButton text={runtime.endpoint} name={t('endpointName', { name: runtime.name })} />
    </span>
  )
}

/** Hears of its own runtime's readings only. */
export function CpuCell({ id }: { id: string }) {
  const styles = useStyles()
  const { t } = useTranslation()
  const usage = useUsage(id)
  if (!usage) return <span>{t('noValue')}</span>
  return (
    <span className={styles.line}>
      <span className={mergeClasses(styles.number, styles.percent)}>
        {formatPercent(usage.now.cpuPercent)}
      </span>
      <Sparkline values={usage.cpu} readings={USAGE_READINGS} />
    </span>
  )
}

export function MemoryCell({ id }: { id: string }) {
  const styles = useStyles()
  const { t } = useTranslation(['runtimes', 'common'])
  const usage = useUsage(id)
  if (!usage) return <span>{t('common:noValue')}</span>
  const { memory, memoryLimit } = usage.now
  return (
    <span
      className={styles.number}
      title={t('memoryOf', { used: formatBytes(memory), limit: formatBytes(memoryLimit) })}
    >
      {formatBytes(memory)}
    </span>
  )
}

/** Why it is not well, the fix as a link, and the way to all that is known of it. */
export function FindingLine({ runtime }: { runtime: Runtime }) {
  const styles = useStyles()
  const label = useRemedyLabel()
  const { remediesOf } = useRuntimeActions()
  const { finding } = runtime
  if (!finding) return null
  const handlers = remediesOf(runtime)
  const remedies = offered(handlers, withDiagnosis(finding).remedies)
  const shown = remedies.length > 1 ? [remedies[0], remedies.at(-1)] : remedies
  return (
    <span className={styles.finding}>
      <Text size={200} className={styles.cut} title={finding.sentence}>
        {finding.sentence}
        {remedies.length > 1 ? '' : ` ${finding.advice[0] ?? ''}`}
      </Text>
      {shown.map((remedy) =>
        remedy ? (
          <Link
            key={remedy.kind}
            className={styles.fix}
            onClick={() => runRemedy(handlers, remedy)}
          >
            {label(remedy)}
          </Link>
        ) : null,
      )}
    </span>
  )
}
