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
  Text,
  tokens,
} from '@fluentui/react-components'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import type { ImportedEnvironment } from '../../backend/types'
import { Block, Sentences } from '../../components/decision/Block'
import { BusyButton } from '../../components/decision/BusyButton'
import { ProblemBar } from '../../components/ProblemBar'
import { useAction } from '../../state'

const useStyles = makeStyles({
  form: { display: 'contents' },
  fields: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalM },
})

/** What was made of the folder, and the way to it. */
function Result({ imported, onClose }: { imported: ImportedEnvironment; onClose: () => void }) {
  const styles = useStyles()
  const { t } = useTranslation(['environments', 'common'])
  const navigate = useNavigate()
  return (
    <>
      <DialogContent>
        <div className={styles.fields}>
          {imported.honoured.length > 0 ? (
            <Block heading={t('importDialog.honoured')}>
              <Sentences sentences={imported.honoured} />
            </Block>
          ) : null}
          <Block heading={t('importDialog.leftOut')}>
            {imported.leftOut.length > 0 ? (
              <Sentences sentences={imported.leftOut} />
            ) : (
              <Text>{t('importDialog.nothingLeftOut')}</Text>
            )}
          </Block>
        </div>
      </DialogContent>
      <DialogActions fluid>
        <Button
          appearance="primary"
          // The field that had the focus is gone.
          autoFocus
          onClick={() => navigate(paths.environment(imported.environment))}
        >
          {t('importDialog.open')}
        </Button>
        <Button onClick={onClose}>{t('common:close')}</Button>
      </DialogActions>
    </>
  )
}

/** Makes an environment of a folder, and tells what was understood of it. */
export function ImportDialog({ onClose }: { onClose: () => void }) {
  const styles = useStyles()
  const { t } = useTranslation(['environments', 'common'])
  const bring = useAction('import_environment')
  const [folder, setFolder] = useState('')
  const [name, setName] = useState('')
  const problem = bring.error?.problem
  const message = (field: string) =>
    problem?.field === field
      ? { validationMessage: [problem.sentence, ...problem.hints].join(' ') }
      : {}
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!bring.isPending) bring.mutate({ folder: folder.trim(), name: name.trim() })
  }
  return (
    <Dialog open onOpenChange={(_, { open }) => (open ? undefined : onClose())}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{t(bring.data ? 'importDialog.done' : 'importDialog.title')}</DialogTitle>
          {bring.data ? (
            <Result imported={bring.data} onClose={onClose} />
          ) : (
            <form noValidate className={styles.form} onSubmit={submit}>
              <DialogContent>
                <div className={styles.fields}>
                  <Text>{t('importDialog.body')}</Text>
                  <Field
                    label={t('importDialog.folder')}
                    hint={t('importDialog.folderHint')}
                    {...message('folder')}
                  >
                    <Input
                      autoFocus
                      value={folder}
                      autoComplete="off"
                      spellCheck={false}
                      onChange={(_, { value }) => setFolder(value)}
                    />
                  </Field>
                  <Field
                    label={t('importDialog.name')}
                    hint={t('importDialog.nameHint')}
                    {...message('name')}
                  >
                    <Input
                      value={name}
                      autoComplete="off"
                      spellCheck={false}
                      onChange={(_, { value }) => setName(value)}
                    />
                  </Field>
                  {problem && !problem.field ? <ProblemBar problem={problem} /> : null}
                </div>
              </DialogContent>
              <DialogActions fluid>
                <BusyButton type="submit" busy={bring.isPending}>
                  {t('importDialog.import')}
                </BusyButton>
                <Button onClick={onClose}>{t('common:cancel')}</Button>
              </DialogActions>
            </form>
          )}
        </DialogBody>
      </DialogSurface>
    </Dialog>
  )
}
