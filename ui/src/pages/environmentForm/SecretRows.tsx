import { Button, Field, Input, makeStyles, Text, tokens } from '@fluentui/react-components'
import { AddRegular, DeleteRegular } from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import { useFieldStyles } from '../../components/settings/fieldStyles'
import { nextKey } from '../../components/settings/rows'
import { idOf, type SecretRow } from './form'
import { SecretValue } from './SecretValue'
import type { EnvironmentFormState } from './useEnvironmentForm'

const useStyles = makeStyles({
  row: {
    display: 'grid',
    // The value's field has to hold what is said of a value that is kept.
    gridTemplateColumns: 'minmax(0, 2fr) minmax(0, 3fr) auto',
    columnGap: tokens.spacingHorizontalS,
    alignItems: 'start',
  },
  control: { minWidth: 0 },
})

function Row({
  form,
  row,
  at,
  onChange,
  onRemove,
}: {
  form: EnvironmentFormState
  row: SecretRow
  at: number
  onChange: (id: string) => void
  onRemove: () => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('environmentForm')
  const number = at + 1
  const problem = form.problems.get(`secrets.${at}`)
  return (
    <li className={styles.row}>
      <Field {...(problem ? { validationMessage: problem } : {})}>
        <Input
          id={idOf(`secrets.${at}`)}
          className={styles.control}
          aria-label={t('secretId', { number })}
          placeholder={t('idPlaceholder')}
          value={row.id}
          autoComplete="off"
          spellCheck={false}
          onChange={(_, { value }) => onChange(value)}
        />
      </Field>
      <SecretValue
        form={form}
        of={row.key}
        secret={row.id.trim()}
        field={`secretValues.${at}`}
        name={t('secretValue', { number })}
      />
      <Button
        appearance="subtle"
        aria-label={t('removeSecret', { number })}
        icon={<DeleteRegular />}
        onClick={onRemove}
      />
    </li>
  )
}

/** Secrets that steps of the build mount: ids in the definition, values in the keyring. */
export function SecretRows({ form }: { form: EnvironmentFormState }) {
  const shared = useFieldStyles()
  const { t } = useTranslation('environmentForm')
  const rows = form.typed.secrets
  return (
    <fieldset className={shared.group}>
      <legend className={shared.legend}>{t('secrets')}</legend>
      <Text size={200} className={shared.hint}>
        {t('secretsHint')}
      </Text>
      {rows.length > 0 ? (
        <ul className={shared.list}>
          {rows.map((row, at) => (
            <Row
              key={row.key}
              form={form}
              row={row}
              at={at}
              onChange={(id) =>
                form.type(`secrets.${at}`, {
                  secrets: rows.map((one) => (one.key === row.key ? { ...one, id } : one)),
                })
              }
              onRemove={() => {
                form.type('secrets', { secrets: rows.filter((one) => one.key !== row.key) })
                // A row that is added later may get the same key.
                form.typeValue(row.key, 'secrets', '')
              }}
            />
          ))}
        </ul>
      ) : null}
      <Button
        className={shared.start}
        icon={<AddRegular />}
        onClick={() =>
          // A row that is still empty is no mistake yet.
          form.type('added', { secrets: [...rows, { key: nextKey(rows), id: '' }] })
        }
      >
        {t('addSecret')}
      </Button>
    </fieldset>
  )
}
