import { Button, Checkbox, Field, Input, Text } from '@fluentui/react-components'
import { AddRegular, DeleteRegular } from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import { useFieldStyles } from '../../components/settings/fieldStyles'
import { nextKey } from '../../components/settings/rows'
import { type ArgumentRow, idOf } from './form'
import type { EnvironmentFormState } from './useEnvironmentForm'

function Row({
  row,
  at,
  problem,
  confirmable,
  onChange,
  onRemove,
}: {
  row: ArgumentRow
  at: number
  problem: string | undefined
  confirmable: boolean
  onChange: (row: ArgumentRow) => void
  onRemove: () => void
}) {
  const styles = useFieldStyles()
  const { t } = useTranslation('environmentForm')
  const number = at + 1
  return (
    <li>
      <div className={styles.row}>
        <Input
          id={idOf(`arguments.${at}`)}
          className={styles.grow}
          aria-label={t('argumentName', { number })}
          aria-invalid={problem !== undefined}
          placeholder={t('namePlaceholder')}
          value={row.name}
          autoComplete="off"
          spellCheck={false}
          // What is typed anew has not been confirmed.
          onChange={(_, { value }) => onChange({ ...row, name: value, confirmed: false })}
        />
        <Input
          className={styles.grow}
          aria-label={t('argumentValue', { number })}
          placeholder={t('valuePlaceholder')}
          value={row.value}
          autoComplete="off"
          spellCheck={false}
          onChange={(_, { value }) => onChange({ ...row, value, confirmed: false })}
        />
        <Button
          appearance="subtle"
          aria-label={t('removeArgument', { number })}
          icon={<DeleteRegular />}
          onClick={onRemove}
        />
      </div>
      {problem ? <Field validationMessage={problem} /> : null}
      {(problem && confirmable) || row.confirmed ? (
        <Checkbox
          label={t('confirmArgument')}
          checked={row.confirmed}
          onChange={(_, { checked }) => onChange({ ...row, confirmed: checked === true })}
        />
      ) : null}
    </li>
  )
}

/** Arguments of a build; whoever has the image can read them. */
export function ArgumentRows({ form }: { form: EnvironmentFormState }) {
  const styles = useFieldStyles()
  const { t } = useTranslation('environmentForm')
  const rows = form.typed.arguments
  const change = (changed: ArgumentRow[]) => form.type('arguments', { arguments: changed })
  return (
    <fieldset className={styles.group}>
      <legend className={styles.legend}>{t('arguments')}</legend>
      <Text size={200} className={styles.hint}>
        {t('argumentsHint')}
      </Text>
      {rows.length > 0 ? (
        <ul className={styles.list}>
          {rows.map((row, at) => (
            <Row
              key={row.key}
              row={row}
              at={at}
              problem={form.problems.get(`arguments.${at}`)}
              confirmable={form.confirmable.has(at)}
              onChange={(changed) =>
                change(rows.map((one) => (one.key === row.key ? changed : one)))
              }
              onRemove={() => change(rows.filter((one) => one.key !== row.key))}
            />
          ))}
        </ul>
      ) : null}
      <Button
        className={styles.start}
        icon={<AddRegular />}
        onClick={() =>
          // A row that is still empty is no mistake yet.
          form.type('added', {
            arguments: [...rows, { key: nextKey(rows), name: '', value: '', confirmed: false }],
          })
        }
      >
        {t('addArgument')}
      </Button>
    </fieldset>
  )
}
