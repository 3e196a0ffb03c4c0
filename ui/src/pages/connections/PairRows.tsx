import { Button, Checkbox, Field, Input, Text } from '@fluentui/react-components'
import { AddRegular, DeleteRegular } from '@fluentui/react-icons'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import { useFieldStyles } from '../../components/settings/fieldStyles'
import { addRow, idOf, type PairRow } from './connectionForm'
import type { ConnectionFormState } from './useConnectionForm'

function Row({
  row,
  at,
  hint,
  problem,
  onChange,
  onRemove,
}: {
  row: PairRow
  at: number
  hint: string | null
  problem: (part: 'key' | 'value') => string | undefined
  onChange: (part: 'key' | 'value', change: Partial<PairRow>) => void
  onRemove: () => void
}) {
  const styles = useFieldStyles()
  const { t } = useTranslation('flowConnections')
  const number = at + 1
  const told = problem('key') ?? problem('value')
  const message = useId()
  const toldAt = (part: 'key' | 'value') =>
    problem(part) === undefined ? {} : { 'aria-invalid': true, 'aria-describedby': message }
  return (
    <li>
      <div className={styles.row}>
        <Input
          id={idOf(`pairs.${at}.key`)}
          className={styles.grow}
          aria-label={t('pairs.key', { number })}
          {...toldAt('key')}
          placeholder={t('pairs.keyPlaceholder')}
          value={row.name}
          autoComplete="off"
          spellCheck={false}
          onChange={(_, { value }) => onChange('key', { name: value })}
        />
        <Input
          id={idOf(`pairs.${at}.value`)}
          className={styles.grow}
          aria-label={t('pairs.value', { number })}
          {...toldAt('value')}
          placeholder={t('pairs.valuePlaceholder')}
          type={row.secret ? 'password' : 'text'}
          value={row.value}
          autoComplete="off"
          spellCheck={false}
          onChange={(_, { value }) => onChange('value', { value })}
        />
        <Checkbox
          label={t('pairs.secret')}
          aria-label={t('pairs.secretOf', { number })}
          checked={row.secret}
          // What was typed as a secret is not shown because of a click.
          onChange={(_, { checked }) =>
            onChange('value', {
              secret: checked === true,
              ...(checked === true ? {} : { value: '' }),
            })
          }
        />
        <Button
          appearance="subtle"
          aria-label={t('pairs.remove', { number })}
          icon={<DeleteRegular />}
          onClick={onRemove}
        />
      </div>
      {told ? <Field validationMessage={{ children: told, id: message }} /> : null}
      {hint && !told ? (
        <Text size={200} className={styles.hint}>
          {hint}
        </Text>
      ) : null}
    </li>
  )
}

/** What a custom connection holds; values of secrets are masked and never shown again. */
export function PairRows({
  form,
  hintOf,
}: {
  form: ConnectionFormState
  hintOf: (key: string) => string
}) {
  const styles = useFieldStyles()
  const { t } = useTranslation('flowConnections')
  const rows = form.typed.pairs
  const change = (field: string, pairs: readonly PairRow[]) => form.change(field, { pairs })
  const problem = form.problems.get('pairs')
  return (
    <fieldset className={styles.group}>
      <legend className={styles.legend}>{t('pairs.heading')}</legend>
      <Text size={200} className={styles.hint}>
        {t('pairs.hint')}
      </Text>
      {problem ? <Field validationMessage={problem} /> : null}
      {rows.length > 0 ? (
        <ul className={styles.list}>
          {rows.map((row, at) => (
            <Row
              key={row.key}
              row={row}
              at={at}
              hint={row.secret && row.name.trim() ? hintOf(row.name.trim()) : null}
              problem={(part) => form.problems.get(`pairs.${at}.${part}`)}
              onChange={(part, changed) =>
                change(
                  `pairs.${at}.${part}`,
                  rows.map((one) => (one.key === row.key ? { ...one, ...changed } : one)),
                )
              }
              onRemove={() =>
                change(
                  'pairs',
                  rows.filter((one) => one.key !== row.key),
                )
              }
            />
          ))}
        </ul>
      ) : null}
      <Button
        id={idOf('pairs')}
        className={styles.start}
        icon={<AddRegular />}
        // A row that is still empty is no mistake yet.
        onClick={() => change('added', addRow(rows))}
      >
        {t('pairs.add')}
      </Button>
    </fieldset>
  )
}
