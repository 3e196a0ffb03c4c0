import { Dropdown, Field, makeStyles, Option, Text, tokens } from '@fluentui/react-components'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import type { Batch } from '../../backend/types'
import { MOST_COMPARED } from '../../components/batch/ChosenBar'
import { ConfirmDialog } from '../../components/decision/ConfirmDialog'
import { formatPast } from '../../format'
import { useAsk } from '../../state'

const useStyles = makeStyles({
  list: { maxHeight: '320px' },
  option: { display: 'flex', flexDirection: 'column', minWidth: 0, overflowWrap: 'anywhere' },
  quiet: { color: tokens.colorNeutralForeground2 },
})

/** Chooses what stands beside a batch run: those of the same flow first. */
export function CompareDialog({ batch, onClose }: { batch: Batch; onClose: () => void }) {
  const styles = useStyles()
  const { t } = useTranslation(['batch', 'batchForm'])
  const navigate = useNavigate()
  const id = useId()
  const { data, error } = useAsk('list_batches', { flow: null, text: '' })
  const [chosen, setChosen] = useState<string[]>([])
  const [tried, setTried] = useState(false)
  const others = (data?.batches ?? [])
    .filter((one) => one.id !== batch.id)
    .sort((one, other) => Number(other.flow === batch.flow) - Number(one.flow === batch.flow))
  const wrong =
    chosen.length === 0
      ? t('compare.chooseMissing')
      : chosen.length >= MOST_COMPARED
        ? t('compare.tooMany')
        : null
  return (
    <ConfirmDialog
      title={t('compare.title', { name: batch.name })}
      confirm={t('compare.show')}
      pending={false}
      problem={error?.problem ?? null}
      onConfirm={() => {
        if (wrong === null) navigate(paths.compareBatches([batch.id, ...chosen]))
        else setTried(true)
      }}
      onClose={onClose}
    >
      {data && others.length === 0 ? (
        <Text block>{t('compare.none')}</Text>
      ) : (
        <Field
          label={t('compare.others')}
          hint={t('compare.body')}
          {...((tried || chosen.length > 0) && wrong !== null ? { validationMessage: wrong } : {})}
        >
          <Dropdown
            id={id}
            multiselect
            listbox={{ className: styles.list }}
            placeholder={t('compare.choose')}
            value={others
              .filter((one) => chosen.includes(one.id))
              .map(({ name }) => name)
              .join(', ')}
            selectedOptions={chosen}
            onOptionSelect={(_, { selectedOptions }) => setChosen(selectedOptions)}
          >
            {others.map((one) => (
              <Option key={one.id} value={one.id} text={one.name}>
                <span className={styles.option}>
                  <Text>{one.name}</Text>
                  <Text size={200} className={styles.quiet}>
                    {t('batchForm:otherOption', {
                      flow: one.flowName,
                      time: formatPast(one.started),
                    })}
                  </Text>
                </span>
              </Option>
            ))}
          </Dropdown>
        </Field>
      )}
    </ConfirmDialog>
  )
}
