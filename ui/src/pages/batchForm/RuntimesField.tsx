import { Dropdown, Field, makeStyles, Text } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { paths } from '../../app/paths'
import type { FlowRuntime } from '../../backend/types'
import { useRuntimeOptions } from '../../components/flow/RuntimeOption'
import { GoLink } from '../../components/GoLink'
import { fieldId } from './form'

const useStyles = makeStyles({
  dropdown: { minWidth: 0, width: '100%' },
  list: { maxHeight: '400px' },
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
  const options = useRuntimeOptions(runtimes, chosen)
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
        {options}
      </Dropdown>
    </Field>
  )
}
