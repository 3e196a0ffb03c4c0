import { Button, Checkbox, Field, Input, Text } from '@fluentui/react-components'
import { AddRegular, DeleteRegular } from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import { useFieldStyles } from './fieldStyles'
import { nextKey } from './rows'
import type { FieldsProps, MountRow } from './settingsForm'

/** Folders of the compute's machine and volumes that the runtime sees. */
export function MountRows({ form, problems, idOf, onChange }: FieldsProps) {
  const rows = form.mounts
  const styles = useFieldStyles()
  const { t } = useTranslation('fields')
  const change = (mounts: MountRow[]) => onChange('mounts', { mounts })
  return (
    <fieldset className={styles.group}>
      <legend className={styles.legend}>{t('mounts')}</legend>
      <Text size={200} className={styles.hint}>
        {t('mountsHint')}
      </Text>
      {rows.length > 0 ? (
        <ul className={styles.list}>
          {rows.map((row, at) => {
            const number = at + 1
            const problem = problems.get(`mounts.${at}`)
            const replace = (part: Partial<MountRow>) =>
              change(rows.map((one) => (one.key === row.key ? { ...row, ...part } : one)))
            return (
              <li key={row.key}>
                <div className={styles.row}>
                  <Input
                    id={idOf(`mounts.${at}`)}
                    className={styles.grow}
                    aria-label={t('mountSource', { number })}
                    aria-invalid={problem !== undefined}
                    placeholder={t('sourcePlaceholder')}
                    value={row.source}
                    autoComplete="off"
                    spellCheck={false}
                    onChange={(_, { value }) => replace({ source: value })}
                  />
                  <Input
                    className={styles.grow}
                    aria-label={t('mountTarget', { number })}
                    placeholder={t('targetPlaceholder')}
                    value={row.target}
                    autoComplete="off"
                    spellCheck={false}
                    onChange={(_, { value }) => replace({ target: value })}
                  />
                  <Checkbox
                    aria-label={t('mountReadOnly', { number })}
                    label={t('readOnly')}
                    checked={row.readOnly}
                    onChange={(_, { checked }) => replace({ readOnly: checked === true })}
                  />
                  <Button
                    appearance="subtle"
                    aria-label={t('removeMount', { number })}
                    icon={<DeleteRegular />}
                    onClick={() => change(rows.filter((one) => one.key !== row.key))}
                  />
                </div>
                {problem ? <Field validationMessage={problem} /> : null}
              </li>
            )
          })}
        </ul>
      ) : null}
      <Button
        id={idOf('mounts')}
        className={styles.start}
        icon={<AddRegular />}
        onClick={() =>
          // A row that is still empty is no mistake yet.
          onChange('added', {
            mounts: [...rows, { key: nextKey(rows), source: '', target: '', readOnly: false }],
          })
        }
      >
        {t('addMount')}
      </Button>
    </fieldset>
  )
}
