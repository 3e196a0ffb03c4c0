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
  tokens,
} from '@fluentui/react-components'
import { type FormEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ProblemBar } from '../../components/ProblemBar'
import { useAction } from '../../state'
import { Trial } from './Trial'
import { useTrial } from './useTrial'

const useStyles = makeStyles({
  form: { display: 'contents' },
  fields: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalM },
})

/** What the dialog is opened for. */
export interface LoginRequest {
  /** Empty = the person types it. */
  registry: string
  username: string
  /** A login of ours for this registry is there and will be replaced. */
  replaces: boolean
}

type Name = 'registry' | 'username' | 'password'

/** Adds or replaces a login. What is typed lives as long as the dialog is open. */
export function LoginDialog({
  request,
  memoryOnly,
  onClose,
}: {
  request: LoginRequest
  memoryOnly: boolean
  onClose: () => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('connections')
  const save = useAction('save_registry_login')
  const [registry, setRegistry] = useState(request.registry)
  const [username, setUsername] = useState(request.username)
  const [password, setPassword] = useState('')
  const [repository, setRepository] = useState('')
  const [missing, setMissing] = useState<ReadonlySet<Name>>(new Set())
  const [trial, runTrial, forgetTrial] = useTrial()
  const inputs: Record<Name, React.RefObject<HTMLInputElement | null>> = {
    registry: useRef<HTMLInputElement>(null),
    username: useRef<HTMLInputElement>(null),
    password: useRef<HTMLInputElement>(null),
  }
  const first: Name =
    request.registry === '' ? 'registry' : request.username === '' ? 'username' : 'password'
  const isComplete = (): boolean => {
    const values: Record<Name, string> = {
      registry: registry.trim(),
      username: username.trim(),
      password,
    }
    const empty = (Object.keys(values) as Name[]).filter((name) => values[name] === '')
    setMissing(new Set(empty))
    const [bad] = empty
    if (bad) inputs[bad].current?.focus()
    return bad === undefined
  }
  const test = () => {
    if (!isComplete()) return
    runTrial({
      registry: registry.trim(),
      repository: repository.trim() || null,
      username: username.trim(),
      password,
    })
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (save.isPending || !isComplete()) return
    save.mutate(
      { registry: registry.trim(), username: username.trim(), password },
      { onSuccess: onClose },
    )
  }
  const problem = save.error?.problem
  const message = (name: Name) => {
    if (missing.has(name)) return { validationMessage: t('dialog.needed') }
    return problem?.field === name ? { validationMessage: problem.sentence } : {}
  }
  const typed = (name: Name, set: (value: string) => void) => (value: string) => {
    set(value)
    forgetTrial()
    setMissing((names) => new Set([...names].filter((one) => one !== name)))
  }
  const change = {
    registry: typed('registry', setRegistry),
    username: typed('username', setUsername),
    password: typed('password', setPassword),
  }
  return (
    <Dialog
      open
      onOpenChange={(_, { open }) => {
        if (!open) onClose()
      }}
    >
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{t(request.replaces ? 'dialog.replace' : 'dialog.add')}</DialogTitle>
          <form noValidate className={styles.form} onSubmit={submit}>
            <DialogContent>
              <div className={styles.fields}>
                <Field
                  label={t('dialog.registry')}
                  hint={t('dialog.registryHint')}
                  {...message('registry')}
                >
                  <Input
                    ref={inputs.registry}
                    value={registry}
                    readOnly={request.replaces}
                    autoFocus={first === 'registry'}
                    autoComplete="off"
                    spellCheck={false}
                    onChange={(_, { value }) => change.registry(value)}
                  />
                </Field>
                <Field label={t('dialog.username')} {...message('username')}>
                  <Input
                    ref={inputs.username}
                    value={username}
                    autoFocus={first === 'username'}
                    autoComplete="off"
                    spellCheck={false}
                    onChange={(_, { value }) => change.username(value)}
                  />
                </Field>
                <Field
                  label={t('dialog.password')}
                  hint={t(memoryOnly ? 'dialog.passwordHintMemory' : 'dialog.passwordHint')}
                  {...message('password')}
                >
                  <Input
                    ref={inputs.password}
                    type="password"
                    value={password}
                    autoFocus={first === 'password'}
                    autoComplete="off"
                    onChange={(_, { value }) => change.password(value)}
                  />
                </Field>
                <Field label={t('dialog.repository')} hint={t('dialog.repositoryHint')}>
                  <Input
                    value={repository}
                    autoComplete="off"
                    spellCheck={false}
                    onChange={(_, { value }) => {
                      setRepository(value)
                      forgetTrial()
                    }}
                  />
                </Field>
                {trial ? <Trial trial={trial} onRetry={test} /> : null}
                {problem && !problem.field ? <ProblemBar problem={problem} /> : null}
              </div>
            </DialogContent>
            <DialogActions position="start">
              <Button onClick={test}>{t('test')}</Button>
            </DialogActions>
            <DialogActions>
              <Button type="submit" appearance="primary">
                {t('dialog.save')}
              </Button>
              <Button onClick={onClose}>{t('dialog.cancel')}</Button>
            </DialogActions>
          </form>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  )
}
