import {
  Button,
  Combobox,
  Field,
  makeStyles,
  Option,
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  Text,
  tokens,
} from '@fluentui/react-components'
import { type KeyboardEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { MappedInput } from '../../backend/types'
import { Sideways } from '../../components/grid/Sideways'
import { fieldId } from './form'

const useStyles = makeStyles({
  table: { minWidth: '480px' },
  input: { width: '34%' },
  names: { display: 'flex', flexDirection: 'column', overflowWrap: 'anywhere' },
  kind: { color: tokens.colorNeutralForeground3, fontFamily: tokens.fontFamilyMonospace },
  cell: { paddingBlock: tokens.spacingVerticalXS, verticalAlign: 'top' },
  heading: { fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
  box: { minWidth: 0, width: '100%' },
  text: { fontFamily: tokens.fontFamilyMonospace },
  row: { display: 'flex', alignItems: 'flex-start', columnGap: tokens.spacingHorizontalS },
  field: { flexGrow: 1, minWidth: 0 },
})

/** Where one input comes from: one of what there is, or anything that is typed. */
function SourceField({
  input,
  written,
  sources,
  problem,
  onChange,
}: {
  input: MappedInput
  written: string
  sources: readonly string[]
  problem: string | undefined
  onChange: (written: string) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('batchForm')
  const [typing, setTyping] = useState(false)
  const words = written.trim().toLowerCase()
  // All are offered when it is opened; while one types, those that fit.
  const offered = typing ? sources.filter((one) => one.toLowerCase().includes(words)) : sources
  return (
    <Field className={styles.field} {...(problem ? { validationMessage: problem } : {})}>
      <Combobox
        id={fieldId(`mapping.${input.name}`)}
        freeform
        aria-label={t('mapping.sourceOf', { name: input.name })}
        className={styles.box}
        input={{ className: styles.text, spellCheck: false }}
        positioning={{ position: 'below', align: 'start' }}
        placeholder={t(input.optional ? 'mapping.placeholderOptional' : 'mapping.placeholder')}
        value={written}
        selectedOptions={sources.includes(written) ? [written] : []}
        onOpenChange={(_, { open }) => {
          if (!open) setTyping(false)
        }}
        onChange={({ target }) => {
          setTyping(true)
          onChange(target.value)
        }}
        onOptionSelect={(event, { optionValue }) => {
          // Whoever goes on to the next field keeps what was typed.
          if (event.type === 'keydown' && (event as KeyboardEvent).key === 'Tab') return
          setTyping(false)
          if (optionValue !== undefined) onChange(optionValue)
        }}
      >
        {offered.map((one) => (
          <Option key={one} value={one}>
            {one}
          </Option>
        ))}
      </Combobox>
    </Field>
  )
}

/** Each input of the flow with where it comes from. */
export function MappingTable({
  inputs,
  mapping,
  own,
  proposed,
  sources,
  problemOf,
  onChange,
}: {
  inputs: readonly MappedInput[]
  /** As it is now, by input. */
  mapping: Readonly<Record<string, string | undefined>>
  /** What the person wrote. */
  own: Readonly<Record<string, string>>
  proposed: Readonly<Record<string, string | undefined>>
  sources: readonly string[]
  problemOf: (field: string) => string | undefined
  /** `undefined` = as it is proposed. */
  onChange: (input: string, written: string | undefined) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('batchForm')
  if (inputs.length === 0) return <Text>{t('mapping.none')}</Text>
  return (
    <Sideways>
      <Table size="small" aria-label={t('mapping.table')} className={styles.table}>
        <TableHeader>
          <TableRow>
            <TableHeaderCell scope="col" className={styles.input}>
              <span className={styles.heading}>{t('mapping.input')}</span>
            </TableHeaderCell>
            <TableHeaderCell scope="col">
              <span className={styles.heading}>{t('mapping.source')}</span>
            </TableHeaderCell>
          </TableRow>
        </TableHeader>
        <TableBody>
          {inputs.map((input) => {
            const { name, kind, optional } = input
            const isOwn = own[name] !== undefined && own[name] !== (proposed[name] ?? '')
            return (
              <TableRow key={name}>
                <TableCell role="rowheader" className={styles.cell}>
                  <span className={styles.names}>
                    <Text>{name}</Text>
                    <Text size={200} className={styles.kind}>
                      {optional ? `${kind} · ${t('mapping.optional')}` : kind}
                    </Text>
                  </span>
                </TableCell>
                <TableCell className={styles.cell}>
                  <div className={styles.row}>
                    <SourceField
                      input={input}
                      written={mapping[name] ?? ''}
                      sources={sources}
                      problem={problemOf(`mapping.${name}`)}
                      onChange={(written) => onChange(name, written)}
                    />
                    {isOwn && proposed[name] !== undefined ? (
                      <Button
                        size="small"
                        appearance="transparent"
                        aria-label={t('mapping.takeBackNamed', { name })}
                        onClick={() => onChange(name, undefined)}
                      >
                        {t('mapping.takeBack')}
                      </Button>
                    ) : null}
                  </div>
                </TableCell>
              </TableRow>
            )
          })}
        </TableBody>
      </Table>
    </Sideways>
  )
}
