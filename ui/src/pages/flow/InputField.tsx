import {
  Button,
  Field,
  InfoLabel,
  Input,
  makeStyles,
  Radio,
  RadioGroup,
  Text,
  Textarea,
  tokens,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { FlowInput, ProposedInput } from '../../backend/types'
import { parsed } from '../../components/flow/ValueView'
import { fieldId, useWantedFocus } from './useInputsCheck'

const useStyles = makeStyles({
  mono: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200 },
  below: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalS,
    minHeight: '24px',
  },
  kind: { color: tokens.colorNeutralForeground3, fontFamily: tokens.fontFamilyMonospace },
  quiet: { color: tokens.colorNeutralForeground3 },
  tool: { minWidth: 0, paddingInline: '4px' },
})

/** Lines of a text's box: as many as it has, within reason. */
const rowsOf = (text: string, least: number) =>
  Math.min(12, Math.max(least, text.split('\n').length, Math.ceil(text.length / 48)))

/** One input: a field that fits its type, what is wrong with it, and where its value comes from. */
export function InputField({
  field,
  proposed,
  input,
  typed,
  problem,
  onChange,
}: {
  /** `inputs.NAME` or `init.NAME`. */
  field: string
  proposed: ProposedInput
  /** As the flow's file describes it. */
  input: FlowInput | undefined
  /** `undefined` = it stands as it was proposed. */
  typed: string | undefined
  problem: string | undefined
  onChange: (text: string | undefined) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('flow')
  const { name, kind } = proposed
  useWantedFocus(field)
  const value = typed ?? proposed.text
  const isJson = kind === 'list' || kind === 'object'
  const pretty = isJson ? parsed(value) : undefined
  const tidy = pretty === undefined ? value : JSON.stringify(pretty, null, 2)
  const id = fieldId(field)
  const common = { id, value, autoComplete: 'off', spellCheck: false }
  const label = input?.description ? (
    <InfoLabel info={input.description} infoButton={{ 'aria-label': t('inputs.about', { name }) }}>
      {name}
    </InfoLabel>
  ) : (
    name
  )
  const control = () => {
    switch (kind) {
      case 'bool':
        return (
          <RadioGroup
            layout="horizontal"
            value={value.trim().toLowerCase()}
            onChange={(_, data) => onChange(data.value)}
          >
            <Radio id={id} value="true" label={t('inputs.true')} />
            <Radio value="false" label={t('inputs.false')} />
          </RadioGroup>
        )
      case 'int':
      case 'double':
        return (
          <Input {...common} inputMode="decimal" onChange={(_, data) => onChange(data.value)} />
        )
      case 'list':
      case 'object':
        return (
          <Textarea
            {...common}
            resize="vertical"
            textarea={{ className: styles.mono, rows: rowsOf(value, 3) }}
            onChange={(_, data) => onChange(data.value)}
          />
        )
      case 'image':
        return (
          <Input
            {...common}
            placeholder={t('inputs.imagePlaceholder')}
            onChange={(_, data) => onChange(data.value)}
          />
        )
      default:
        return (
          <Textarea
            {...common}
            resize="vertical"
            textarea={{ rows: rowsOf(value, 1) }}
            onChange={(_, data) => onChange(data.value)}
          />
        )
    }
  }
  return (
    <div>
      <Field
        label={label}
        {...(problem ? { validationMessage: problem } : {})}
        {...(kind === 'image' ? { hint: t('inputs.imageHint') } : {})}
      >
        {control()}
      </Field>
      <div className={styles.below}>
        <Text size={200} className={styles.kind}>
          {input?.written || kind}
        </Text>
        <Text size={200} className={styles.quiet}>
          {typed === undefined ? t(`inputs.from.${proposed.from}`) : t('inputs.changed')}
        </Text>
        {typed !== undefined && typed !== proposed.text ? (
          <Button
            size="small"
            appearance="transparent"
            className={styles.tool}
            aria-label={t('inputs.takeBackNamed', { name })}
            onClick={() => onChange(undefined)}
          >
            {t('inputs.takeBack')}
          </Button>
        ) : null}
        {isJson && tidy !== value && value.trim() !== '' ? (
          <Button
            size="small"
            appearance="transparent"
            className={styles.tool}
            aria-label={t('inputs.tidyNamed', { name })}
            onClick={() => onChange(tidy)}
          >
            {t('inputs.tidy')}
          </Button>
        ) : null}
      </div>
    </div>
  )
}
