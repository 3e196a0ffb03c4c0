import {
  Button,
  Checkbox,
  Combobox,
  Field,
  makeStyles,
  Option,
  Radio,
  RadioGroup,
  Text,
} from '@fluentui/react-components'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Installer } from '../../backend/types'
import { Fold } from '../../components/Fold'
import { useFieldStyles } from '../../components/settings/fieldStyles'
import { BASES, INDEX_PASSWORD, INDEX_SECRET, idOf } from './form'
import { ReadRequirementsDialog } from './ReadRequirementsDialog'
import { SecretValue } from './SecretValue'
import { TypedField } from './TypedField'
import type { EnvironmentFormState } from './useEnvironmentForm'

const INSTALLERS: readonly Installer[] = ['pip', 'uv']

const useStyles = makeStyles({
  // Fluent's own is wider than half a form.
  control: { minWidth: 0 },
})

function BaseField({ form }: { form: EnvironmentFormState }) {
  const styles = useStyles()
  const { t } = useTranslation('environmentForm')
  const problem = form.problems.get('base')
  const { base } = form.typed
  const [open, setOpen] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  // Fluent leaves the name of an option there that is gone with the list.
  useEffect(() => {
    if (!open) input.current?.removeAttribute('aria-activedescendant')
  })
  return (
    <Field
      label={t('base')}
      hint={t('baseHint')}
      {...(problem ? { validationMessage: problem } : {})}
    >
      <Combobox
        id={idOf('base')}
        ref={input}
        className={styles.control}
        freeform
        open={open}
        onOpenChange={(_, data) => setOpen(data.open)}
        value={base}
        selectedOptions={[base]}
        autoComplete="off"
        spellCheck={false}
        onChange={({ target }) => form.type('base', { base: target.value })}
        onOptionSelect={(_, { optionValue }) => {
          if (optionValue !== undefined) form.type('base', { base: optionValue })
        }}
      >
        {BASES.map((name) => (
          <Option key={name} value={name}>
            {name}
          </Option>
        ))}
      </Combobox>
    </Field>
  )
}

/** Where packages come from, for those who are behind a proxy or have an index of their own. */
function IndexFields({ form }: { form: EnvironmentFormState }) {
  const styles = useFieldStyles()
  const { t } = useTranslation('environmentForm')
  return (
    <fieldset className={styles.group}>
      <legend className={styles.legend}>{t('index')}</legend>
      <Text size={200} className={styles.hint}>
        {t('indexHint')}
      </Text>
      <TypedField
        form={form}
        name="indexUrl"
        field="index.url"
        label={t('indexUrl')}
        hint={t('indexUrlHint')}
      />
      <div className={styles.pair}>
        <TypedField
          form={form}
          name="indexUsername"
          field="index.username"
          label={t('indexUsername')}
          hint={t('indexUsernameHint')}
        />
        <SecretValue
          form={form}
          of={INDEX_SECRET}
          secret={INDEX_SECRET}
          field={INDEX_PASSWORD}
          label={t('indexPassword')}
          hint={t('indexPasswordHint')}
        />
      </div>
      <TypedField
        form={form}
        name="extraUrls"
        field="index.extraUrls"
        label={t('extraUrls')}
        hint={t('extraUrlsHint')}
        lines={2}
      />
      <TypedField
        form={form}
        name="trustedHosts"
        field="index.trustedHosts"
        label={t('trustedHosts')}
        hint={t('trustedHostsHint')}
        lines={2}
      />
      <div className={styles.pair}>
        <TypedField form={form} name="proxy" field="index.proxy" label={t('proxy')} />
        <TypedField
          form={form}
          name="noProxy"
          field="index.noProxy"
          label={t('noProxy')}
          hint={t('noProxyHint')}
        />
      </div>
      <TypedField
        form={form}
        name="certificates"
        field="index.certificates"
        label={t('certificates')}
        hint={t('certificatesHint')}
      />
    </fieldset>
  )
}

/** Prompt flow and requirements on a Python base. */
export function PackagesFields({ form }: { form: EnvironmentFormState }) {
  const styles = useFieldStyles()
  const { t } = useTranslation('environmentForm')
  const [reading, setReading] = useState(false)
  const { typed } = form
  return (
    <>
      <div className={styles.pair}>
        <BaseField form={form} />
        <TypedField
          form={form}
          name="promptflow"
          label={t('promptflow')}
          placeholder={t('newest')}
        />
      </div>
      <Checkbox
        id={idOf('tools')}
        label={t('tools')}
        checked={typed.tools}
        onChange={(_, { checked }) => form.type('tools', { tools: checked === true })}
      />
      <div className={styles.group}>
        <TypedField
          form={form}
          name="requirements"
          label={t('requirements')}
          hint={t('requirementsHint')}
          lines={8}
        />
        <Button size="small" className={styles.start} onClick={() => setReading(true)}>
          {t('fromFile')}
        </Button>
      </div>
      <Fold
        label={t('more')}
        whole
        open={form.open.more}
        onOpen={(open) => form.onOpen('more', open)}
      >
        <div className={styles.fields}>
          <TypedField
            form={form}
            name="systemPackages"
            label={t('systemPackages')}
            hint={t('systemPackagesHint')}
            lines={2}
          />
          <Field label={t('installer')}>
            <RadioGroup
              layout="horizontal"
              value={typed.installer}
              onChange={(_, { value }) => form.type('installer', { installer: value as Installer })}
            >
              {INSTALLERS.map((one) => (
                <Radio key={one} value={one} label={t(`installers.${one}`)} />
              ))}
            </RadioGroup>
          </Field>
          <IndexFields form={form} />
        </div>
      </Fold>
      {reading ? (
        <ReadRequirementsDialog
          onClose={() => setReading(false)}
          onRead={(requirements) => {
            form.type('requirements', { requirements })
            setReading(false)
          }}
        />
      ) : null}
    </>
  )
}
