import { Dropdown, Field, makeStyles, Option, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { EnvironmentView } from '../../backend/types'
import { withImage, withNamed } from './choice'
import type { EnvironmentFieldsProps } from './EnvironmentFields'
import { useVersionContents, versionsOn } from './named'

const useStyles = makeStyles({
  option: { display: 'flex', flexDirection: 'column', minWidth: 0, overflowWrap: 'anywhere' },
  facts: { color: tokens.colorNeutralForeground3 },
  unbuilt: { color: 'inherit' },
})

/** The option of the image; ids of environments are never empty. */
const IMAGE = ''

/** Which environment: one that has a name, or an image by its reference. */
export function NamedField({
  environments,
  compute,
  choice,
  onChange,
  problemOf,
  idOf,
}: EnvironmentFieldsProps & { environments: readonly EnvironmentView[] }) {
  const styles = useStyles()
  const { t } = useTranslation('environment')
  const contents = useVersionContents()
  const isNamed = choice.kind === 'named'
  const chosen = environments.find(({ id }) => id === choice.environment)
  const problem = isNamed ? problemOf('environment.named') : undefined
  const choose = (id: string) => {
    if (id === IMAGE) onChange(withImage(choice))
    else onChange(withNamed(choice, id, id === choice.environment ? choice.environmentVersion : ''))
  }
  return (
    <Field label={t('named.environment')} {...(problem ? { validationMessage: problem } : {})}>
      <Dropdown
        id={idOf('environment.named')}
        value={isNamed ? (chosen?.name ?? '') : t('named.image')}
        placeholder={t('named.choose')}
        selectedOptions={[isNamed ? choice.environment : IMAGE]}
        onOptionSelect={(_, { optionValue }) => choose(optionValue ?? IMAGE)}
      >
        {environments.map((environment) => {
          const { id, name, source } = environment
          const newest = versionsOn(environment, compute)[0]
          const facts = newest
            ? [t('named.versionNumber', { version: newest.number }), ...contents(newest)]
            : [t('named.notBuilt')]
          return (
            <Option key={id} value={id} text={name} disabled={!newest}>
              <span className={styles.option}>
                <Text>{name}</Text>{' '}
                <Text size={200} className={newest ? styles.facts : styles.unbuilt}>
                  {[t(`named.source.${source.kind}`), ...facts].join(' · ')}
                </Text>
              </span>
            </Option>
          )
        })}
        <Option value={IMAGE} text={t('named.image')}>
          {t('named.image')}
        </Option>
      </Dropdown>
    </Field>
  )
}
