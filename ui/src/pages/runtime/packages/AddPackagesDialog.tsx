import {
  Button,
  DialogActions,
  DialogContent,
  Field,
  Input,
  makeStyles,
  Radio,
  RadioGroup,
  Text,
  Textarea,
  tokens,
} from '@fluentui/react-components'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AddPackagesPreview, AddPackagesTo, Problem, Runtime } from '../../../backend/types'
import { ActiveRunsChoice } from '../../../components/decision/ActiveRunsChoice'
import { Block, Sentences } from '../../../components/decision/Block'
import { BusyButton } from '../../../components/decision/BusyButton'
import { Confirmations } from '../../../components/decision/Confirmations'
import { DecisionDialog } from '../../../components/decision/DecisionDialog'
import { Looking } from '../../../components/decision/Held'
import { ProgressInDialog } from '../../../components/decision/ProgressInDialog'
import { useShownOperation } from '../../../components/decision/useShownOperation'
import { ProblemBar } from '../../../components/ProblemBar'
import { useAction, useAsk, useLiveOperation } from '../../../state'
import { InstallContent, requirementsOf } from './InstallDialog'

const useStyles = makeStyles({
  form: { display: 'contents' },
  fields: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL },
  mono: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200 },
  name: { marginInlineStart: tokens.spacingHorizontalXXXL, maxWidth: '280px' },
})

const KINDS = ['addPackages'] as const
const ids = { packages: 'add-packages', name: 'add-packages-name', confirm: 'add-packages-confirm' }

export interface AddPackagesProps {
  runtime: Runtime
  /** What the form begins with. */
  packages: readonly string[]
  /** The run that is done again once the runtime has them. */
  again?: string | undefined
  /** That run has begun. */
  onRun?: ((run: string) => void) | undefined
  onClose: () => void
}

/** What the person has typed and chosen. */
interface Form {
  text: string
  to: 'own' | 'new'
  name: string
  confirmed: boolean
  cancelRuns: boolean
}

function Ways({
  preview,
  form,
  problem,
  onChange,
}: {
  preview: AddPackagesPreview
  form: Form
  problem: Problem | null
  onChange: (part: Partial<Form>) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('runtime')
  const own = preview.ways.find((way) => way.kind === 'own')
  const anew = preview.ways.find((way) => way.kind === 'new')
  const newName = (
    <Field
      className={preview.ways.length > 1 ? styles.name : ''}
      label={t('add.name')}
      {...(problem?.field === 'name' ? { validationMessage: problem.sentence } : {})}
    >
      <Input
        id={ids.name}
        value={form.name}
        autoComplete="off"
        spellCheck={false}
        onChange={(_, { value }) => onChange({ name: value })}
      />
    </Field>
  )
  return (
    <Block heading={t('add.where')}>
      {preview.notes.length > 0 ? <Sentences sentences={preview.notes} /> : null}
      {preview.ways.length > 1 ? (
        <RadioGroup
          aria-label={t('add.where')}
          value={form.to}
          onChange={(_, { value }) => onChange({ to: value === 'new' ? 'new' : 'own' })}
        >
          {preview.ways.map((way) =>
            way.kind === 'own' ? (
              <Radio
                key="own"
                value="own"
                label={
                  way.usedBy.length > 0
                    ? t('add.ownUsed', { name: way.name, others: way.usedBy.join(', ') })
                    : t('add.own', { name: way.name })
                }
              />
            ) : (
              <Radio key="new" value="new" label={t('add.new', { from: way.from })} />
            ),
          )}
        </RadioGroup>
      ) : anew ? (
        <Text>{t('add.new', { from: anew.from })}</Text>
      ) : null}
      {form.to === 'own' && own?.file ? <Text>{t('add.file', { file: own.file })}</Text> : null}
      {form.to === 'new' ? newName : null}
    </Block>
  )
}

/** What is asked before it begins. */
function Decision({
  runtime,
  preview,
  form,
  again,
  problem,
  busy,
  onChange,
  onStart,
  onInstall,
  onClose,
}: {
  runtime: Runtime
  preview: AddPackagesPreview
  form: Form
  again: boolean
  problem: Problem | null
  busy: boolean
  onChange: (part: Partial<Form>) => void
  onStart: (requirements: string[]) => void
  onInstall: () => void
  onClose: () => void
}) {
  const styles = useStyles()
  const { t } = useTranslation(['runtime', 'decision', 'update'])
  const [held, setHeld] = useState<'empty' | 'confirm' | null>(null)
  const ofField = problem?.field === 'requirements' ? problem : null
  const message =
    held === 'empty'
      ? t('install.empty')
      : ofField
        ? [ofField.sentence, ...ofField.hints].join(' ')
        : undefined
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (busy) return
    const requirements = requirementsOf(form.text)
    const reason =
      requirements.length === 0
        ? 'empty'
        : preview.confirmations.length > 0 && !form.confirmed
          ? 'confirm'
          : null
    setHeld(reason)
    if (reason === null) onStart(requirements)
    else document.getElementById(reason === 'empty' ? ids.packages : ids.confirm)?.focus()
  }
  return (
    <form noValidate className={styles.form} onSubmit={submit}>
      <DialogContent>
        <div className={styles.fields}>
          <Field
            label={t('install.packages')}
            hint={t('add.packagesHint')}
            {...(message ? { validationMessage: message } : {})}
          >
            <Textarea
              id={ids.packages}
              autoFocus
              value={form.text}
              autoComplete="off"
              spellCheck={false}
              resize="vertical"
              placeholder={t('install.placeholder')}
              textarea={{ className: styles.mono, rows: 3 }}
              onChange={(_, { value }) => {
                setHeld(null)
                onChange({ text: value })
              }}
            />
          </Field>
          <Ways preview={preview} form={form} problem={problem} onChange={onChange} />
          <Block heading={t('add.happens')}>
            <Sentences
              sentences={[
                t('add.built'),
                t(preview.running ? 'add.updated' : 'add.updatedStopped', { name: runtime.name }),
                again ? t('add.again') : null,
                t('add.untouched', { name: runtime.name }),
              ]}
            />
          </Block>
          {preview.running ? (
            <ActiveRunsChoice
              activeRuns={preview.activeRuns}
              cancelRuns={form.cancelRuns}
              onChange={(cancelRuns) => onChange({ cancelRuns })}
            />
          ) : null}
          <Confirmations
            doubts={preview.confirmations}
            id={ids.confirm}
            label={t('update:confirm')}
            confirmed={form.confirmed}
            asked={held === 'confirm' ? t('add.confirmFirst') : null}
            onChange={(confirmed) => onChange({ confirmed })}
          />
          {problem && !ofField && problem.field !== 'name' ? (
            <ProblemBar problem={problem} />
          ) : null}
        </div>
      </DialogContent>
      <DialogActions fluid>
        <BusyButton type="submit" busy={busy}>
          {t(again ? 'add.actionAgain' : 'add.action')}
        </BusyButton>
        {preview.running ? <Button onClick={onInstall}>{t('add.installNow')}</Button> : null}
        <Button onClick={onClose}>{t('decision:cancel')}</Button>
      </DialogActions>
    </form>
  )
}

function Content({ runtime, packages, again, onRun, onClose }: AddPackagesProps) {
  const { t } = useTranslation('runtime')
  const [shown, setShown] = useShownOperation(runtime, KINDS)
  const [changing, setChanging] = useState(false)
  const [installing, setInstalling] = useState(false)
  const [typed, setTyped] = useState<Partial<Form>>({ text: packages.join('\n') })
  const { data, error, refetch } = useAsk(
    'preview_add_packages',
    { runtime: runtime.id },
    { staleTime: 0 },
  )
  const add = useAction('add_packages')
  const operation = useLiveOperation(shown ?? '')
  const begun = operation?.state === 'succeeded' ? (operation.run ?? null) : null
  const told = useRef(false)
  // The run is what the person came for: the page behind shows it.
  useEffect(() => {
    if (begun === null || told.current || !onRun) return
    told.current = true
    onRun(begun)
    onClose()
  }, [begun, onRun, onClose])
  if (installing) {
    return (
      <InstallContent
        runtime={runtime}
        packages={requirementsOf(typed.text ?? '')}
        onClose={onClose}
      />
    )
  }
  const anew = data?.ways.find((way) => way.kind === 'new')
  const form: Form = {
    text: '',
    to: data?.ways[0]?.kind === 'own' ? 'own' : 'new',
    name: anew?.kind === 'new' ? anew.name : '',
    confirmed: false,
    cancelRuns: false,
    ...typed,
  }
  const start = (requirements: string[], agreed = form.confirmed) => {
    const to: AddPackagesTo =
      form.to === 'own' ? { kind: 'own' } : { kind: 'new', name: form.name.trim() }
    const { cancelRuns } = form
    add.mutate(
      {
        runtime: runtime.id,
        requirements,
        to,
        confirmed: agreed,
        cancelRuns,
        again: again ?? null,
      },
      {
        onSuccess: ({ operation }) => {
          setChanging(false)
          setShown(operation)
        },
      },
    )
  }
  if (shown !== null && !changing) {
    const repeat =
      form.text === '' ? () => setChanging(true) : () => start(requirementsOf(form.text))
    return (
      <ProgressInDialog
        key={shown}
        id={shown}
        onClose={onClose}
        onRetry={repeat}
        retryLabel={t('add.repeat')}
        remedies={{
          updateAnyway: () => start(requirementsOf(form.text), true),
        }}
        openEvidence
        more={
          <Button
            onClick={() => {
              add.reset()
              void refetch()
              setChanging(true)
            }}
          >
            {t('install.change')}
          </Button>
        }
      />
    )
  }
  if (error) {
    return (
      <DialogContent>
        <ProblemBar problem={error.problem} onRetry={() => refetch()} />
      </DialogContent>
    )
  }
  if (!data) {
    return (
      <DialogContent>
        <Looking>{t('add.looking')}</Looking>
      </DialogContent>
    )
  }
  if (data.ways.length === 0) {
    return (
      <InstallContent runtime={runtime} packages={packages} notes={data.notes} onClose={onClose} />
    )
  }
  return (
    <Decision
      runtime={runtime}
      preview={data}
      form={form}
      again={again !== undefined}
      problem={add.error?.problem ?? null}
      busy={add.isPending}
      onChange={(part) => {
        if (add.error) add.reset()
        setTyped((before) => ({ ...before, ...part }))
      }}
      onStart={start}
      onInstall={() => setInstalling(true)}
      onClose={onClose}
    />
  )
}

/** Adds packages to a runtime to stay: its environment, a new image, the update, and a run again. */
export function AddPackagesDialog(props: AddPackagesProps) {
  const { t } = useTranslation('runtime')
  return (
    <DecisionDialog title={t('add.heading')} open onClose={props.onClose}>
      <Content {...props} />
    </DecisionDialog>
  )
}
