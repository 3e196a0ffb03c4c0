import { Dropdown, Field, makeStyles, Option, Text, tokens } from '@fluentui/react-components'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import type { FlowRuntime } from '../../backend/types'
import { StatusBadge } from '../../components/StatusBadge'
import { formatBytes } from '../../format'

const useStyles = makeStyles({
  field: { minWidth: '240px', flexGrow: 1, maxWidth: '360px' },
  dropdown: { minWidth: 0, width: '100%' },
  list: { maxHeight: '400px' },
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
export function useRuntimeFacts(): (runtime: FlowRuntime) => string[] {
  const { t } = useTranslation('flow')
  return ({ version, cpuLimit, memoryLimit, runs, batches }) => [
    version || t('runtime.noVersion'),
    cpuLimit > 0 ? t('runtime.cpus', { count: cpuLimit }) : t('runtime.noCpuLimit'),
    memoryLimit > 0
      ? t('runtime.memory', { size: formatBytes(memoryLimit) })
      : t('runtime.noMemoryLimit'),
    ...(runs > 0 ? [t('runtime.runs', { count: runs })] : []),
    ...(batches > 0 ? [t('runtime.batches', { count: batches })] : []),
  ]
}

/** The runtime that the flow runs on: those that may be used first, the others with the reason. */
export function RuntimeField({
  runtimes,
  chosen,
  onChoose,
}: {
  runtimes: FlowRuntime[]
  chosen: FlowRuntime | null
  onChoose: (runtime: string) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('flow')
  const facts = useRuntimeFacts()
  // Without an id of its own, the list is not named by its label.
  const id = useId()
  const ordered = [...runtimes].sort((one, other) => Number(other.usable) - Number(one.usable))
  return (
    <Field label={t('runtime.label')} className={styles.field}>
      <Dropdown
        id={id}
        className={styles.dropdown}
        listbox={{ className: styles.list }}
        positioning={{ position: 'below', align: 'start' }}
        value={chosen?.name ?? ''}
        placeholder={t('runtime.choose')}
        selectedOptions={chosen ? [chosen.runtime] : []}
        onOptionSelect={(_, { optionValue }) => {
          if (optionValue !== undefined) onChoose(optionValue)
        }}
      >
        {ordered.map((one) => (
          <Option key={one.runtime} value={one.runtime} text={one.name} disabled={!one.usable}>
            <span className={styles.option}>
              <Text>{one.name}</Text>
              <span className={styles.facts}>
                <StatusBadge status={one.status} />
                <span>{[one.computeName, ...facts(one)].join(' · ')}</span>
              </span>
              {one.sentence ? <Text size={200}>{one.sentence}</Text> : null}
            </span>
          </Option>
        ))}
      </Dropdown>
    </Field>
  )
}
