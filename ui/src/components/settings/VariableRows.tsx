import { Button, Checkbox, Field, Input, mergeClasses, Text } from '@fluentui/react-components'
import { AddRegular, DeleteRegular, EyeOffRegular, EyeRegular } from '@fluentui/react-icons'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFieldStyles } from './fieldStyles'
import { nextKey } from './rows'
import type { FieldsProps, VariableRow } from './settingsForm'

function Row({
  row,
  at,
  id,
  problem,
  confirmable,
  onChange,
  onRemove,
}: {
  row: VariableRow
  at: number
  id: string
  problem: string | undefined
  confirmable: boolean
  onChange: (row: VariableRow) => void
  onRemove: () => void
}) {
  const styles = useFieldStyles()
  const { t } = useTranslation('fields')
  const [shown, setShown] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  const wanted = useRef(false)
  // The button that asked for a new value is gone: what it asked for has the focus.
  useEffect(() => {
    if (wanted.current && field.current) {
      wanted.current = false
      field.current.focus()
    }
  })
  const number = at + 1
  return (
    <li>
      <div className={styles.row}>
        <Input
          id={id}
          className={styles.grow}
          aria-label={t('variableName', { number })}
          aria-invalid={problem !== undefined}
          placeholder={t('namePlaceholder')}
          value={row.name}
          readOnly={row.there === true}
          autoComplete="off"
          spellCheck={false}
          // What is typed anew has not been confirmed.
          onChange={(_, { value }) => onChange({ ...row, name: value, confirmed: false })}
        />
        {row.value === null ? (
          <>
            <Text className={mergeClasses(styles.grow, styles.hint)}>{t('kept')}</Text>
            <Button
              aria-label={t('newValue', { name: row.name })}
              onClick={() => {
                wanted.current = true
                onChange({ ...row, value: '', confirmed: false })
              }}
            >
              {t('newValueShort')}
            </Button>
          </>
        ) : (
          <>
            <Input
              ref={field}
              className={styles.grow}
              aria-label={t('variableValue', { number })}
              placeholder={t('valuePlaceholder')}
              type={shown ? 'text' : 'password'}
              value={row.value}
              autoComplete="off"
              spellCheck={false}
              onChange={(_, { value }) => onChange({ ...row, value, confirmed: false })}
              contentAfter={
                <Button
                  size="small"
                  appearance="transparent"
                  aria-label={t(shown ? 'hideValue' : 'showValue', { number })}
                  icon={shown ? <EyeOffRegular /> : <EyeRegular />}
                  onClick={() => setShown(!shown)}
                />
              }
            />
            {row.there ? (
              <Button
                aria-label={t('keepValue', { name: row.name })}
                onClick={() => onChange({ ...row, value: null, confirmed: false })}
              >
                {t('keepShort')}
              </Button>
            ) : null}
          </>
        )}
        <Button
          appearance="subtle"
          aria-label={t('removeVariable', { number })}
          icon={<DeleteRegular />}
          onClick={onRemove}
        />
      </div>
      {problem ? <Field validationMessage={problem} /> : null}
      {(problem && confirmable) || row.confirmed ? (
        <Checkbox
          label={t('confirmKey')}
          checked={row.confirmed}
          onChange={(_, { checked }) => onChange({ ...row, confirmed: checked === true })}
        />
      ) : null}
    </li>
  )
}

/** Environment variables; values are masked unless one asks to see them. */
export function VariableRows({
  form,
  problems,
  idOf,
  onChange,
  confirmable,
}: FieldsProps & {
  /** Variables (by index) that would be accepted if the person confirmed them. */
  confirmable: ReadonlySet<number>
}) {
  const rows = form.variables
  const styles = useFieldStyles()
  const { t } = useTranslation('fields')
  const change = (variables: VariableRow[]) => onChange('variables', { variables })
  return (
    <fieldset className={styles.group}>
      <legend className={styles.legend}>{t('variables')}</legend>
      <Text size={200} className={styles.hint}>
        {t('variablesHint')}
      </Text>
      {rows.length > 0 ? (
        <ul className={styles.list}>
          {rows.map((row, at) => (
            <Row
              key={row.key}
              row={row}
              at={at}
              id={idOf(`variables.${at}`)}
              problem={problems.get(`variables.${at}`)}
              confirmable={confirmable.has(at)}
              onChange={(changed) =>
                change(rows.map((one) => (one.key === row.key ? changed : one)))
              }
              onRemove={() => change(rows.filter((one) => one.key !== row.key))}
            />
          ))}
        </ul>
      ) : null}
      <Button
        id={idOf('variables')}
        className={styles.start}
        icon={<AddRegular />}
        onClick={() =>
          // A row that is still empty is no mistake yet.
          onChange('added', {
            variables: [...rows, { key: nextKey(rows), name: '', value: '', confirmed: false }],
          })
        }
      >
        {t('addVariable')}
      </Button>
    </fieldset>
  )
}
