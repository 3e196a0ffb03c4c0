import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Field,
  Input,
  makeStyles,
  Radio,
  RadioGroup,
  Text,
  tokens,
} from '@fluentui/react-components'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ConnectionFile, FoundConnection } from '../../backend/types'
import { BusyButton } from '../../components/decision/BusyButton'
import { ProblemBar } from '../../components/ProblemBar'
import { useAction } from '../../state'
import type { ConnectionRequest } from './connectionForm'

const useStyles = makeStyles({
  form: { display: 'contents' },
  fields: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalM },
})

/** Looks into a file; what is found there goes on in the dialog that adds a connection. */
export function ImportConnectionDialog({
  onFound,
  onClose,
}: {
  onFound: (request: ConnectionRequest) => void
  onClose: () => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('flowConnections')
  const read = useAction('read_connection_file')
  const [path, setPath] = useState('')
  const [file, setFile] = useState<ConnectionFile | null>(null)
  const [chosen, setChosen] = useState(0)
  const goOn = (from: ConnectionFile, found: FoundConnection) =>
    onFound({
      original: null,
      found: { connection: found, file: { path: from.path, type: found.draft.type } },
    })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (read.isPending) return
    if (file) {
      const found = file.found[chosen]
      if (found) goOn(file, found)
      return
    }
    read.mutate(
      { path: path.trim() },
      {
        onSuccess: (answer) => {
          const [first, ...others] = answer.found
          if (first && others.length === 0) goOn(answer, first)
          else setFile(answer)
        },
      },
    )
  }
  const problem = read.error?.problem
  return (
    <Dialog
      open
      onOpenChange={(_, { open }) => {
        if (!open) onClose()
      }}
    >
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{t('importDialog.title')}</DialogTitle>
          <form noValidate className={styles.form} onSubmit={submit}>
            <DialogContent>
              <div className={styles.fields}>
                <Text>{t(file ? 'importDialog.choiceHint' : 'importDialog.body')}</Text>
                {file ? (
                  <Field label={t('importDialog.choice')}>
                    <RadioGroup
                      value={String(chosen)}
                      onChange={(_, { value }) => setChosen(Number(value))}
                    >
                      {file.found.map(({ draft }, at) => (
                        <Radio
                          key={draft.type}
                          value={String(at)}
                          autoFocus={at === 0}
                          label={`${t(`type.${draft.type}`)} (${t('importDialog.keys', {
                            count: draft.given.length,
                          })})`}
                        />
                      ))}
                    </RadioGroup>
                  </Field>
                ) : (
                  <Field
                    label={t('importDialog.path')}
                    hint={t('importDialog.pathHint')}
                    {...(problem?.field === 'path' ? { validationMessage: problem.sentence } : {})}
                  >
                    <Input
                      autoFocus
                      value={path}
                      autoComplete="off"
                      spellCheck={false}
                      onChange={(_, { value }) => {
                        setPath(value)
                        read.reset()
                      }}
                    />
                  </Field>
                )}
                {problem && !problem.field ? <ProblemBar problem={problem} /> : null}
              </div>
            </DialogContent>
            <DialogActions fluid>
              <BusyButton type="submit" busy={read.isPending}>
                {t(file ? 'importDialog.next' : 'importDialog.read')}
              </BusyButton>
              <Button onClick={onClose}>{t('importDialog.cancel')}</Button>
            </DialogActions>
          </form>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  )
}
