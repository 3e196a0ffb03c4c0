import { Field, Input, makeStyles, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { FlowInput, ProposedInput } from '../../backend/types'
import { Block } from '../../components/decision/Block'
import { Fold } from '../../components/Fold'
import { limitOf } from './draft'
import { InputField } from './InputField'
import { useFlowPage } from './page'
import { fieldId, useInputsCheck, useWantedFocus } from './useInputsCheck'

const useStyles = makeStyles({
  fields: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalM },
  limit: { maxWidth: '240px' },
})

function Group({
  of,
  proposed,
  described,
  problems,
}: {
  of: 'inputs' | 'init'
  proposed: readonly ProposedInput[]
  described: readonly FlowInput[]
  problems: ReadonlyMap<string, string>
}) {
  const styles = useStyles()
  const { draft, change } = useFlowPage()
  const typed = draft[of]
  return (
    <div className={styles.fields}>
      {proposed.map((one) => {
        const { name } = one
        const field = `${of}.${name}`
        const touched = draft.tried || typed[name] !== undefined || one.from !== 'nowhere'
        return (
          <InputField
            key={name}
            field={field}
            proposed={one}
            input={described.find((input) => input.name === name)}
            typed={typed[name]}
            problem={touched ? problems.get(field) : undefined}
            onChange={(text) => {
              const { [name]: _before, ...others } = typed
              change({ [of]: text === undefined ? others : { ...others, [name]: text } })
            }}
          />
        )
      })}
    </div>
  )
}

function Limit() {
  const styles = useStyles()
  const { t } = useTranslation('flow')
  const { draft, change } = useFlowPage()
  useWantedFocus('limit')
  return (
    <Fold label={t('inputs.more')} open={draft.limit !== ''} whole>
      <Field
        label={t('inputs.limit')}
        hint={t('inputs.limitHint')}
        className={styles.limit}
        {...(limitOf(draft.limit) === undefined
          ? { validationMessage: t('inputs.limitWrong') }
          : {})}
      >
        <Input
          id={fieldId('limit')}
          value={draft.limit}
          inputMode="numeric"
          autoComplete="off"
          onChange={(_, { value }) => change({ limit: value })}
        />
      </Field>
    </Fold>
  )
}

/** What a run gets: each input with its proposed value, checked as it is typed. */
export function Inputs() {
  const { t } = useTranslation('flow')
  const { view } = useFlowPage()
  const { problems } = useInputsCheck()
  if (view.model === null) return <Text>{t('inputs.unreadable')}</Text>
  return (
    <>
      {view.init.length > 0 ? (
        <Block heading={t('inputs.init')}>
          <Group of="init" proposed={view.init} described={view.model.init} problems={problems} />
        </Block>
      ) : null}
      {view.inputs.length > 0 ? (
        <Group
          of="inputs"
          proposed={view.inputs}
          described={view.model.inputs}
          problems={problems}
        />
      ) : (
        <Text>{t('inputs.none')}</Text>
      )}
      <Limit />
    </>
  )
}
