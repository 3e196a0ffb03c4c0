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
import { BusyButton } from '../../components/decision/BusyButton'
import { ProblemBar } from '../../components/ProblemBar'
import { useAction } from '../../state'

const useStyles = makeStyles({
  form: { display: 'contents' },
  fields: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalM },
})

/** Takes requirements out of a file, for instance that of a flow. */
export function ReadRequirementsDialog({
  onRead,
  onClose,
}: {
  onRead: (requirements: string) => void
  onClose: () => void
}) {
  const styles = useStyles()
  const { t } = useTranslation(['environmentForm', 'common'])
  const read = useAction('read_requirements')
  const [path, setPath] = useState('')
  const problem = read.error?.problem
  const submit = (event: FormEvent) => {
    event.preventDefault()
    // It is within the page's form, which is not meant.
    event.stopPropagation()
    if (read.isPending) return
    read.mutate({ path: path.trim() }, { onSuccess: ({ text }) => onRead(text) })
  }
  return (
    <Dialog open onOpenChange={(_, { open }) => (open ? undefined : onClose())}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{t('read.title')}</DialogTitle>
          <form noValidate className={styles.form} onSubmit={submit}>
            <DialogContent>
              <div className={styles.fields}>
                <Text>{t('read.body')}</Text>
                <Field
                  label={t('read.path')}
                  hint={t('read.pathHint')}
                  {...(problem?.field === 'path'
                    ? { validationMessage: [problem.sentence, ...problem.hints].join(' ') }
                    : {})}
                >
                  <Input
                    autoFocus
                    value={path}
                    autoComplete="off"
                    spellCheck={false}
                    onChange={(_, { value }) => setPath(value)}
                  />
                </Field>
                {problem && problem.field !== 'path' ? <ProblemBar problem={problem} /> : null}
              </div>
            </DialogContent>
            <DialogActions fluid>
              <BusyButton type="submit" busy={read.isPending}>
                {t('read.take')}
              </BusyButton>
              <Button onClick={onClose}>{t('common:cancel')}</Button>
            </DialogActions>
          </form>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  )
}
