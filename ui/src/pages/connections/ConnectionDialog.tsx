import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Dropdown,
  Field,
  Input,
  makeStyles,
  Option,
  Text,
} from '@fluentui/react-components'
import { type FormEvent, useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import type { ConnectionTypeView, FieldSpec } from '../../backend/types'
import { Block, Sentences } from '../../components/decision/Block'
import { BusyButton } from '../../components/decision/BusyButton'
import { ProblemBar } from '../../components/ProblemBar'
import { useFieldStyles } from '../../components/settings/fieldStyles'
import { sizes } from '../../theme'
import { ConnectionTrial } from './ConnectionTrial'
import { type ConnectionRequest, idOf, secretsOfFile, stateOf } from './connectionForm'
import { PairRows } from './PairRows'
import { type ConnectionFormState, useConnectionForm } from './useConnectionForm'

const useStyles = makeStyles({
  surface: { maxWidth: `calc(${sizes.formWidth} + 80px)` },
  form: { display: 'contents' },
})

/** What is known of a field, by its key in Prompt flow's own files. */
function useLabel(): (key: string) => string {
  const { t } = useTranslation('flowConnections')
  return (key) => {
    switch (key) {
      case 'api_key':
      case 'api_base':
      case 'api_type':
      case 'api_version':
      case 'organization':
      case 'base_url':
      case 'endpoint':
      case 'custom_type':
      case 'module':
      case 'package':
      case 'package_version':
        return t(`field.${key}`)
      default:
        return key
    }
  }
}

/** Where a secret is now, and what happens to what is typed. */
function useSecretHint(
  request: ConnectionRequest,
  form: ConnectionFormState,
  memoryOnly: boolean,
): (key: string) => string {
  const { t } = useTranslation('flowConnections')
  return (key) => {
    if (secretsOfFile(request, form.typed.type).includes(key)) return t('dialog.secretFile')
    switch (stateOf(request, key)) {
      case null:
        return t(memoryOnly ? 'dialog.secretMemory' : 'dialog.secretNew')
      case 'missing':
        return t('dialog.secretMissing')
      case 'notReadable':
        return t('dialog.secretNotReadable')
      case 'keyring':
      case 'memory':
        return t('dialog.secretKept')
    }
  }
}

function OwnField({
  field,
  form,
  secretHint,
}: {
  field: FieldSpec
  form: ConnectionFormState
  secretHint: (key: string) => string
}) {
  const { t } = useTranslation('flowConnections')
  const label = useLabel()
  const { key, secret } = field
  const example = field.example ? t('dialog.example', { example: field.example }) : null
  const usual = field.default ? t('dialog.usual', { value: field.default }) : null
  const optional = field.required || usual ? null : t('dialog.optional')
  const hint = secret ? secretHint(key) : [optional, usual, example].filter(Boolean).join(' ')
  const problem = form.problems.get(key)
  const { fields, secrets } = form.typed
  return (
    <Field
      label={label(key)}
      {...(hint ? { hint } : {})}
      {...(problem ? { validationMessage: problem } : {})}
    >
      <Input
        id={idOf(key)}
        type={secret ? 'password' : 'text'}
        value={(secret ? secrets : fields)[key] ?? ''}
        autoComplete="off"
        spellCheck={false}
        onChange={(_, { value }) =>
          form.change(
            key,
            secret
              ? { secrets: { ...secrets, [key]: value } }
              : { fields: { ...fields, [key]: value } },
          )
        }
      />
    </Field>
  )
}

/** What the file brought, and what it left open. */
function OfFile({ request }: { request: ConnectionRequest }) {
  const { t } = useTranslation('flowConnections')
  const label = useLabel()
  if (!request.found) return null
  const { missing, leftOut } = request.found.connection
  return (
    <>
      {missing.length > 0 ? (
        <Text>{t('dialog.missing', { keys: missing.map(label).join(', ') })}</Text>
      ) : null}
      {leftOut.length > 0 ? (
        <Block heading={t('dialog.leftOut')}>
          <Sentences sentences={leftOut} />
        </Block>
      ) : null}
    </>
  )
}

/** Adds or edits a connection. What is typed lives as long as the dialog is open. */
export function ConnectionDialog({
  request,
  types,
  memoryOnly,
  onClose,
}: {
  request: ConnectionRequest
  types: readonly ConnectionTypeView[]
  memoryOnly: boolean
  onClose: () => void
}) {
  const styles = useStyles()
  const fieldStyles = useFieldStyles()
  const { t } = useTranslation('flowConnections')
  const form = useConnectionForm(request, types, onClose)
  const secretHint = useSecretHint(request, form, memoryOnly)
  const { typed, type, problems, focus, onFocused } = form
  useEffect(() => {
    if (focus === null) return
    const control = document.getElementById(idOf(focus))
    // It is disabled, or hidden, at most for a moment.
    if (!control) return
    control.focus()
    onFocused()
  }, [focus, onFocused])
  const title = request.original ? 'edit' : request.found ? 'imported' : 'add'
  const message = (field: string) => {
    const problem = problems.get(field)
    return problem ? { validationMessage: problem } : {}
  }
  return (
    <Dialog
      open
      onOpenChange={(_, { open }) => {
        if (!open) onClose()
      }}
    >
      <DialogSurface className={styles.surface}>
        <DialogBody>
          <DialogTitle>{t(`dialog.${title}`)}</DialogTitle>
          <form
            noValidate
            className={styles.form}
            onSubmit={(event: FormEvent) => {
              event.preventDefault()
              form.submit()
            }}
          >
            <DialogContent>
              <div className={fieldStyles.fields}>
                <OfFile request={request} />
                <Field
                  label={t('field.type')}
                  {...(request.original ? { hint: t('dialog.typeStays') } : {})}
                  {...message('type')}
                >
                  <Dropdown
                    id={idOf('type')}
                    disabled={request.original !== null}
                    value={t(`type.${typed.type}`)}
                    selectedOptions={[typed.type]}
                    onOptionSelect={(_, { optionValue }) => {
                      const chosen = types.find((one) => one.type === optionValue)
                      if (chosen) form.change('type', { type: chosen.type })
                    }}
                  >
                    {types.map((one) => (
                      <Option key={one.type} value={one.type}>
                        {t(`type.${one.type}`)}
                      </Option>
                    ))}
                  </Dropdown>
                </Field>
                <Field label={t('field.name')} hint={t('dialog.nameHint')} {...message('name')}>
                  <Input
                    id={idOf('name')}
                    autoFocus
                    value={typed.name}
                    autoComplete="off"
                    spellCheck={false}
                    onChange={(_, { value }) => form.change('name', { name: value })}
                  />
                </Field>
                {type.fields.map((field) => (
                  <OwnField key={field.key} field={field} form={form} secretHint={secretHint} />
                ))}
                {type.hasPairs ? <PairRows form={form} hintOf={secretHint} /> : null}
                {form.trial ? (
                  <ConnectionTrial name={typed.name} trial={form.trial} onRetry={form.test} />
                ) : null}
                {form.checkProblem ? <ProblemBar problem={form.checkProblem} /> : null}
                {form.broken ? <ProblemBar problem={form.broken} onRetry={form.submit} /> : null}
                {form.held ? <Text role="status">{t('dialog.held')}</Text> : null}
              </div>
            </DialogContent>
            {type.testable ? (
              <DialogActions position="start">
                <Button onClick={form.test}>{t('dialog.test')}</Button>
              </DialogActions>
            ) : null}
            <DialogActions>
              <BusyButton type="submit" busy={form.busy}>
                {t('dialog.save')}
              </BusyButton>
              <Button onClick={onClose}>{t('dialog.cancel')}</Button>
            </DialogActions>
          </form>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  )
}
