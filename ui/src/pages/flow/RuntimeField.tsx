import { Dropdown, Field, makeStyles } from '@fluentui/react-components'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import type { FlowRuntime } from '../../backend/types'
import { useRuntimeOptions } from '../../components/flow/RuntimeOption'

const useStyles = makeStyles({
  field: { minWidth: '240px', flexGrow: 1, maxWidth: '360px' },
  dropdown: { minWidth: 0, width: '100%' },
  list: { maxHeight: '400px' },
})

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
  // Without an id of its own, the list is not named by its label.
  const id = useId()
  const options = useRuntimeOptions(runtimes)
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
        {options}
      </Dropdown>
    </Field>
  )
}
