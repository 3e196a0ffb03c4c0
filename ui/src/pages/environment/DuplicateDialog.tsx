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
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import type { EnvironmentView } from '../../backend/types'
import { BusyButton } from '../../components/decision/BusyButton'
import { ProblemBar } from '../../components/ProblemBar'
import { useAction } from '../../state'

const useStyles = makeStyles({
  form: { display: 'contents' },
  fields: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalM },
})

/** A second environment like this one, under a name of its own. */
export function DuplicateDialog({
  environment,
  onClose,
}: {
  environment: EnvironmentView
  onClose: () => void
}) {
  const styles = useStyles()
  const { t } = useTranslation(['environments', 'common'])
  const client = useQueryClient()
  const navigate = useNavigate()
  const duplicate = useAction('duplicate_environment')
  const [name, setName] = useState(`${environment.name}-2`)
  const problem = duplicate.error?.problem
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (duplicate.isPending) return
    duplicate.mutate(
      { environment: environment.id, name: name.trim() },
      {
        onSuccess: async ({ environment: made }) => {
          await client.invalidateQueries({ queryKey: ['list_environments'] })
          onClose()
          navigate(paths.environment(made))
        },
      },
    )
  }
  return (
    <Dialog open onOpenChange={(_, { open }) => (open ? undefined : onClose())}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{t('duplicateDialog.title')}</DialogTitle>
          <form noValidate className={styles.form} onSubmit={submit}>
            <DialogContent>
              <div className={styles.fields}>
                <Text>{t('duplicateDialog.body', { name: environment.name })}</Text>
                <Field
                  label={t('duplicateDialog.name')}
                  {...(problem?.field === 'name' ? { validationMessage: problem.sentence } : {})}
                >
                  <Input
                    autoFocus
                    value={name}
                    autoComplete="off"
                    spellCheck={false}
                    onChange={(_, { value }) => setName(value)}
                  />
                </Field>
                {problem && problem.field !== 'name' ? <ProblemBar problem={problem} /> : null}
              </div>
            </DialogContent>
            <DialogActions fluid>
              <BusyButton type="submit" busy={duplicate.isPending}>
                {t('duplicateDialog.duplicate')}
              </BusyButton>
              <Button onClick={onClose}>{t('common:cancel')}</Button>
            </DialogActions>
          </form>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  )
}
