import { Dropdown, Field, makeStyles, Option, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { paths } from '../../app/paths'
import type { FlowRuntime } from '../../backend/types'
import { GoLink } from '../../components/GoLink'
import { StatusBadge } from '../../components/StatusBadge'
import { useRuntimeFacts } from '../flow/RuntimeField'
import { fieldId } from './form'

const useStyles = makeStyles({
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

/** The runtimes that share the rows: those that may be used can be chosen, the others say why not. */
export function RuntimesField({
  runtimes,
  chosen,
  problem,
  onChoose,
}: {
  runtimes: FlowRuntime[]
  chosen: readonly string[]
  problem: string | undefined
  onChoose: (runtimes: string[]) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('batchForm')
  const facts = useRuntimeFacts()
  const ordered = [...runtimes].sort((one, other) => Number(other.usable) - Number(one.usable))
  const names = chosen.map((id) => runtimes.find(({ runtime }) => runtime === id)?.name ?? id)
  if (runtimes.length === 0) {
    return (
      <div>
        <Text block>{t('runtimesNone')}</Text>
        <GoLink to={paths.addRuntime()}>{t('addRuntime')}</GoLink>
      </div>
    )
  }
  return (
    <Field
      label={t('runtimes')}
      hint={t('runtimesHint')}
      {...(problem ? { validationMessage: problem } : {})}
    >
      <Dropdown
        id={fieldId('runtimes')}
        multiselect
        className={styles.dropdown}
        listbox={{ className: styles.list }}
        positioning={{ position: 'below', align: 'start' }}
        value={names.join(', ')}
        placeholder={t('runtimesChoose')}
        selectedOptions={[...chosen]}
        onOptionSelect={(_, { selectedOptions }) => onChoose(selectedOptions)}
      >
        {ordered.map((one) => (
          <Option
            key={one.runtime}
            value={one.runtime}
            text={one.name}
            // What was chosen before and cannot be used now can be taken out again.
            disabled={!one.usable && !chosen.includes(one.runtime)}
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
        ))}
      </Dropdown>
    </Field>
  )
}
