import { Button, Checkbox, Field, Input, Text } from '@fluentui/react-components'
import { AddRegular, DeleteRegular, EyeOffRegular, EyeRegular } from '@fluentui/react-icons'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { wizardDraft } from './draft'
import { idOf } from './fields'
import type { VariableRow } from './form'
import { nextKey } from './rows'
import { useStepStyles } from './stepStyles'
import type { FieldProblems } from './useDraftCheck'

function Row({
  row,
  at,
  problem,
  confirmable,
  onChange,
  onRemove,
}: {
  row: VariableRow
  at: number
  problem: string | undefined
  confirmable: boolean
  onChange: (row: VariableRow) => void
  onRemove: () => void
}) {
  const styles = useStepStyles()
  const { t } = useTranslation('wizard')
  const [shown, setShown] = useState(false)
  const number = at + 1
  return (
    <li>
      <div className={styles.row}>
        <Input
          id={idOf(`variables.${at}`)}
          className={styles.grow}
          aria-label={t('settings.variableName', { number })}
          aria-invalid={problem !== undefined}
          placeholder={t('settings.namePlaceholder')}
          value={row.name}
          autoComplete="off"
          spellCheck={false}
          // What is typed anew has not been confirmed.
          onChange={(_, { value }) => onChange({ ...row, name: value, confirmed: false })}
        />
        <Input
          className={styles.grow}
          aria-label={t('settings.variableValue', { number })}
          placeholder={t('settings.valuePlaceholder')}
          type={shown ? 'text' : 'password'}
          value={row.value}
          autoComplete="off"
          spellCheck={false}
          onChange={(_, { value }) => onChange({ ...row, value, confirmed: false })}
          contentAfter={
            <Button
              size="small"
              appearance="transparent"
              aria-label={t(shown ? 'settings.hideValue' : 'settings.showValue', { number })}
              icon={shown ? <EyeOffRegular /> : <EyeRegular />}
              onClick={() => setShown(!shown)}
            />
          }
        />
        <Button
          appearance="subtle"
          aria-label={t('settings.removeVariable', { number })}
          icon={<DeleteRegular />}
          onClick={onRemove}
        />
      </div>
      {problem ? <Field validationMessage={problem} /> : null}
      {(problem && confirmable) || row.confirmed ? (
        <Checkbox
          label={t('settings.confirmKey')}
          checked={row.confirmed}
          onChange={(_, { checked }) => onChange({ ...row, confirmed: checked === true })}
        />
      ) : null}
    </li>
  )
}

/** Environment variables; values are masked unless one asks to see them. */
export function VariableRows({
  rows,
  problems,
  confirmable,
}: {
  rows: VariableRow[]
  problems: FieldProblems
  confirmable: ReadonlySet<number>
}) {
  const styles = useStepStyles()
  const { t } = useTranslation('wizard')
  const change = (variables: VariableRow[]) => wizardDraft.type('variables', { variables })
  return (
    <fieldset className={styles.group}>
      <legend className={styles.legend}>{t('settings.variables')}</legend>
      <Text size={200} className={styles.hint}>
        {t('settings.variablesHint')}
      </Text>
      {rows.length > 0 ? (
        <ul className={styles.list}>
          {rows.map((row, at) => (
            <Row
              key={row.key}
              row={row}
              at={at}
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
        className={styles.start}
        icon={<AddRegular />}
        onClick={() =>
          // A row that is still empty is no mistake yet.
          wizardDraft.type('added', {
            variables: [...rows, { key: nextKey(rows), name: '', value: '', confirmed: false }],
          })
        }
      >
        {t('settings.addVariable')}
      </Button>
    </fieldset>
  )
}
