import { Button, Checkbox, Field, Input, Text } from '@fluentui/react-components'
import { AddRegular, DeleteRegular } from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import { wizardDraft } from './draft'
import { idOf } from './fields'
import type { MountRow } from './form'
import { nextKey } from './rows'
import { useStepStyles } from './stepStyles'
import type { FieldProblems } from './useDraftCheck'

/** Folders of the compute's machine and volumes that the runtime sees. */
export function MountRows({ rows, problems }: { rows: MountRow[]; problems: FieldProblems }) {
  const styles = useStepStyles()
  const { t } = useTranslation('wizard')
  const change = (mounts: MountRow[]) => wizardDraft.type('mounts', { mounts })
  return (
    <fieldset className={styles.group}>
      <legend className={styles.legend}>{t('settings.mounts')}</legend>
      <Text size={200} className={styles.hint}>
        {t('settings.mountsHint')}
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
                    aria-label={t('settings.mountSource', { number })}
                    aria-invalid={problem !== undefined}
                    placeholder={t('settings.sourcePlaceholder')}
                    value={row.source}
                    autoComplete="off"
                    spellCheck={false}
                    onChange={(_, { value }) => replace({ source: value })}
                  />
                  <Input
                    className={styles.grow}
                    aria-label={t('settings.mountTarget', { number })}
                    placeholder={t('settings.targetPlaceholder')}
                    value={row.target}
                    autoComplete="off"
                    spellCheck={false}
                    onChange={(_, { value }) => replace({ target: value })}
                  />
                  <Checkbox
                    aria-label={t('settings.mountReadOnly', { number })}
                    label={t('settings.readOnly')}
                    checked={row.readOnly}
                    onChange={(_, { checked }) => replace({ readOnly: checked === true })}
                  />
                  <Button
                    appearance="subtle"
                    aria-label={t('settings.removeMount', { number })}
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
        className={styles.start}
        icon={<AddRegular />}
        onClick={() =>
          // A row that is still empty is no mistake yet.
          wizardDraft.type('added', {
            mounts: [...rows, { key: nextKey(rows), source: '', target: '', readOnly: false }],
          })
        }
      >
        {t('settings.addMount')}
      </Button>
    </fieldset>
  )
}
