import { makeStyles, Option, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { FlowRuntime } from '../../backend/types'
import { formatBytes } from '../../format'
import { StatusBadge } from '../StatusBadge'

const useStyles = makeStyles({
  option: { display: 'flex', flexDirection: 'column', minWidth: 0, overflowWrap: 'anywhere' },
  facts: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalS,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
    color: tokens.colorNeutralForeground2,
  },
})

/** Version and limits of a runtime, and what is done on it, in words. */
function useRuntimeFacts(): (runtime: FlowRuntime) => string[] {
  const { t } = useTranslation('flow')
  return ({ version, cpuLimit, memoryLimit, runs, batches }) => [
    version || t('runtime.noVersion'),
    cpuLimit > 0 ? t('runtime.cpus', { count: cpuLimit }) : t('runtime.noCpuLimit'),
    memoryLimit > 0
      ? t('runtime.memory', { size: formatBytes(memoryLimit) })
      : t('runtime.noMemoryLimit'),
    ...(runs > 0 ? [t('runtime.runs', { count: runs })] : []),
    ...(batches.length > 0
      ? [t('runtime.queue', { names: batches.map((one) => `“${one}”`).join(', ') })]
      : []),
  ]
}

/** Runtimes as options of a list: those that may be used first, the others with the reason. */
export function useRuntimeOptions(runtimes: readonly FlowRuntime[], kept: readonly string[] = []) {
  const styles = useStyles()
  const facts = useRuntimeFacts()
  return [...runtimes]
    .sort((one, other) => Number(other.usable) - Number(one.usable))
    .map((one) => (
      <Option
        key={one.runtime}
        value={one.runtime}
        text={one.name}
        // What was chosen before and cannot be used now can be taken out again.
        disabled={!one.usable && !kept.includes(one.runtime)}
      >
        <span className={styles.option}>
          <Text>{one.name}</Text>
          <span className={styles.facts}>
            <StatusBadge status={one.status} />
            <span>{[one.computeName, ...facts(one)].join(' · ')}</span>
          </span>
          {one.sentence ? <Text size={200}>{one.sentence}</Text> : null}
        </span>
      </Option>
    ))
}
