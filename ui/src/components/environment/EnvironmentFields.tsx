import { makeStyles, RadioGroup, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { useAsk } from '../../state'
import { HintedRadio } from '../HintedRadio'
import { CustomizedEnvironment } from './CustomizedEnvironment'
import type { EnvironmentChoice } from './choice'
import { DefaultEnvironment } from './DefaultEnvironment'

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL },
})

export interface EnvironmentFieldsProps {
  compute: string
  choice: EnvironmentChoice
  onChange: (choice: EnvironmentChoice) => void
  /** The message under a field (`environment.reference` …), when it has a problem to show. */
  problemOf: (field: string) => string | undefined
  /** What is chosen is described elsewhere: only the fields are shown. */
  brief?: boolean
  /** The id of a field's control, by which it can be focused. */
  idOf: (field: string) => string
}

/** Where a runtime's image comes from: the default environment, one with a name, or any image. */
export function EnvironmentFields(props: EnvironmentFieldsProps) {
  const styles = useStyles()
  const { t } = useTranslation('environment')
  const { choice, onChange, idOf } = props
  // Asked for before it is needed, so that a customized environment has its fields at once.
  const { data } = useAsk('list_environments', {})
  const some = data !== undefined && data.environments.length > 0
  return (
    <div className={styles.root}>
      <RadioGroup
        aria-label={t('kind')}
        value={choice.kind === 'default' ? 'default' : 'customized'}
        onChange={(_, { value }) =>
          onChange({
            ...choice,
            kind: value === 'customized' ? (choice.customized ?? 'image') : 'default',
          })
        }
      >
        <HintedRadio
          id={idOf('environment.default')}
          value="default"
          label={t('useDefault')}
          hint={t('useDefaultHint')}
        />
        <HintedRadio
          id={idOf('environment.customized')}
          value="customized"
          label={t('useImage')}
          hint={t(some ? 'useCustomizedHint' : 'useImageHint')}
        />
      </RadioGroup>
      {choice.kind === 'default' ? (
        <DefaultEnvironment {...props} />
      ) : (
        <CustomizedEnvironment {...props} />
      )}
    </div>
  )
}
