import {
  Button,
  DialogActions,
  DialogContent,
  Field,
  MessageBar,
  MessageBarBody,
  makeStyles,
  Textarea,
  tokens,
} from '@fluentui/react-components'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Runtime } from '../../../backend/types'
import { BusyButton } from '../../../components/decision/BusyButton'
import { DecisionDialog } from '../../../components/decision/DecisionDialog'
import { ProgressInDialog } from '../../../components/decision/ProgressInDialog'
import { useShownOperation } from '../../../components/decision/useShownOperation'
import { ProblemBar } from '../../../components/ProblemBar'
import { useAction } from '../../../state'
import { rememberTyped } from './byHand'

const useStyles = makeStyles({
  form: { display: 'contents' },
  fields: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalM },
  mono: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200 },
  bar: { paddingBlock: tokens.spacingVerticalS },
})

const KINDS = ['install'] as const
const FIELD = 'install-packages'

interface InstallDialogProps {
  runtime: Runtime
  /** What the form begins with. */
  packages: readonly string[]
  /** Why nothing better is offered, a sentence each. */
  notes?: readonly string[]
  onClose: () => void
}

/** The lines that name a package. */
export function requirementsOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}

/** What stands in the dialog. */
export function InstallContent({ runtime, packages, notes = [], onClose }: InstallDialogProps) {
  const styles = useStyles()
  const { t } = useTranslation(['runtime', 'decision'])
  const [shown, setShown] = useShownOperation(runtime, KINDS)
  const install = useAction('install_packages')
  const [text, setText] = useState(packages.join('\n'))
  const [empty, setEmpty] = useState(false)
  const [changing, setChanging] = useState(false)
  const problem = install.error?.problem ?? null
  const ofField = problem?.field === 'requirements' ? problem : null
  const message = empty
    ? t('install.empty')
    : ofField
      ? [ofField.sentence, ...ofField.hints].join(' ')
      : undefined
  const start = () => {
    if (install.isPending) return
    const requirements = requirementsOf(text)
    setEmpty(requirements.length === 0)
    if (requirements.length === 0) {
      document.getElementById(FIELD)?.focus()
      return
    }
    install.mutate(
      { runtime: runtime.id, requirements },
      {
        onSuccess: ({ operation }) => {
          rememberTyped(operation, requirements)
          setChanging(false)
          setShown(operation)
        },
      },
    )
  }
  if (shown !== null && !changing) {
    // Come to from elsewhere, what was typed is not known here.
    const again = text === '' ? () => setChanging(true) : start
    return (
      <ProgressInDialog
        key={shown}
        id={shown}
        onClose={onClose}
        onRetry={again}
        retryLabel={t('install.again')}
        openEvidence
        more={<Button onClick={() => setChanging(true)}>{t('install.change')}</Button>}
      />
    )
  }
  return (
    <form
      noValidate
      className={styles.form}
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        start()
      }}
    >
      <DialogContent>
        <div className={styles.fields}>
          <Field
            label={t('install.packages')}
            hint={t('install.packagesHint')}
            {...(message ? { validationMessage: message } : {})}
          >
            <Textarea
              id={FIELD}
              autoFocus
              value={text}
              autoComplete="off"
              spellCheck={false}
              resize="vertical"
              placeholder={t('install.placeholder')}
              textarea={{ className: styles.mono, rows: 5 }}
              onChange={(_, { value }) => {
                setEmpty(false)
                if (ofField) install.reset()
                setText(value)
              }}
            />
          </Field>
          <MessageBar intent="warning" layout="multiline" role="group" className={styles.bar}>
            <MessageBarBody>
              {notes.length > 0 ? notes.join(' ') : t('install.lasts')}
            </MessageBarBody>
          </MessageBar>
          {problem && !ofField ? <ProblemBar problem={problem} onRetry={start} /> : null}
        </div>
      </DialogContent>
      <DialogActions fluid>
        <BusyButton type="submit" busy={install.isPending}>
          {t('install.action')}
        </BusyButton>
        <Button onClick={onClose}>{t('decision:cancel')}</Button>
      </DialogActions>
    </form>
  )
}

/** Installs packages into the running container, quickly and not for long. */
export function InstallDialog({
  runtime,
  packages = [],
  onClose,
}: Omit<InstallDialogProps, 'packages'> & { packages?: readonly string[] }) {
  const { t } = useTranslation('runtime')
  return (
    <DecisionDialog title={t('install.heading')} open onClose={onClose}>
      <InstallContent runtime={runtime} packages={packages} onClose={onClose} />
    </DecisionDialog>
  )
}
