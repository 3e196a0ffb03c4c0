import {
  Button,
  Field,
  makeStyles,
  mergeClasses,
  RadioGroup,
  Text,
  Textarea,
  tokens,
} from '@fluentui/react-components'
import { BoxToolboxRegular } from '@fluentui/react-icons'
import { type FormEvent, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate, useParams, useSearchParams } from 'react-router'
import { paths } from '../../app/paths'
import type { EnvironmentView } from '../../backend/types'
import { BusyButton } from '../../components/decision/BusyButton'
import { LeaveDialog } from '../../components/decision/LeaveDialog'
import { EmptyState } from '../../components/EmptyState'
import { Fold } from '../../components/Fold'
import { HintedRadio } from '../../components/HintedRadio'
import { SkeletonLines } from '../../components/Late'
import { Page } from '../../components/Page'
import { ProblemBar } from '../../components/ProblemBar'
import { useFieldStyles } from '../../components/settings/fieldStyles'
import { sizes } from '../../theme'
import { useEnvironments } from '../environment/state'
import { DockerfilePanel } from './DockerfilePanel'
import { fieldOfSecret, idOf, KINDS, type SourceKind } from './form'
import { SourceFields } from './SourceFields'
import { TypedField } from './TypedField'
import { type EnvironmentFormState, useEnvironmentForm } from './useEnvironmentForm'

const useStyles = makeStyles({
  root: {
    display: 'grid',
    gridTemplateColumns: `minmax(0, ${sizes.formWidth}) minmax(0, ${sizes.formWidth})`,
    gap: tokens.spacingHorizontalXXL,
    alignItems: 'start',
    '@media (max-width: 1099px)': { gridTemplateColumns: `minmax(0, ${sizes.formWidth})` },
  },
  buttons: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
  kinds: { display: 'grid', gridTemplateColumns: 'minmax(0, 1fr)' },
})

function KindField({ form }: { form: EnvironmentFormState }) {
  const styles = useStyles()
  const { t } = useTranslation(['environmentForm', 'environments'])
  return (
    <Field label={t('kind')}>
      <RadioGroup
        className={styles.kinds}
        value={form.typed.kind}
        onChange={(_, { value }) => form.type('kind', { kind: value as SourceKind })}
      >
        {KINDS.map((kind) => (
          <HintedRadio
            key={kind}
            value={kind}
            label={t(`environments:kind.${kind}`)}
            hint={t(`kindHint.${kind}`)}
          />
        ))}
      </RadioGroup>
    </Field>
  )
}

/** Values that did not come into the keyring after the rest was saved. */
function UnkeptBar({ form }: { form: EnvironmentFormState }) {
  const { t } = useTranslation(['environmentForm', 'common'])
  if (form.unkept === null) return null
  const { secrets, problem } = form.unkept
  const outcome =
    form.typed.kind === 'packages'
      ? t('unkept.password')
      : t('unkept.secrets', { count: secrets.length, names: secrets.join(', ') })
  // What is wrong with a value stands at its field.
  if (problem.field === 'value') {
    return (
      <Text role="alert">
        {outcome} {t('unkept.change')}
      </Text>
    )
  }
  return (
    <div role="alert">
      <ProblemBar
        problem={problem}
        outcome={`${outcome} ${t('unkept.again', { count: secrets.length })}`}
        actions={<Button onClick={form.submit}>{t('common:tryAgain')}</Button>}
      />
    </div>
  )
}

/** Goes to the value that the address asks for, once. */
function useAskedSecret(form: EnvironmentFormState) {
  const [search] = useSearchParams()
  const secret = search.get('secret')
  const field = secret === null ? null : fieldOfSecret(form.typed, secret)
  const asked = useRef(false)
  useEffect(() => {
    if (field === null || asked.current) return
    asked.current = true
    form.show(field)
  })
}

/** Everything that can be said about an environment, and what would be built beside it. */
function Form({ environment }: { environment: EnvironmentView | null }) {
  const styles = useStyles()
  const shared = useFieldStyles()
  const { t } = useTranslation('environmentForm')
  const navigate = useNavigate()
  const leaving = useRef(false)
  const form = useEnvironmentForm(environment, (id) => {
    leaving.current = true
    navigate(paths.environment(id))
  })
  const { focus, onFocused, id } = form
  useAskedSecret(form)
  useEffect(() => {
    if (focus === null) return
    const control = document.getElementById(idOf(focus))
    if (control === null) return
    control.focus()
    control.scrollIntoView?.({ block: 'center' })
    onFocused()
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    form.submit()
  }
  const heading = environment ? t('headingEdit', { name: environment.name }) : t('headingAdd')
  return (
    <div className={styles.root}>
      <form
        noValidate
        className={mergeClasses(shared.fields)}
        aria-label={heading}
        onSubmit={submit}
      >
        <TypedField form={form} name="name" label={t('name')} hint={t('nameHint')} />
        <Field label={t('description')}>
          <Textarea
            id={idOf('description')}
            value={form.typed.description}
            onChange={(_, { value }) => form.type('description', { description: value })}
          />
        </Field>
        <KindField form={form} />
        <SourceFields form={form} environment={environment} />
        <Fold
          label={t('service')}
          whole
          open={form.open.service}
          onOpen={(open) => form.onOpen('service', open)}
        >
          <div className={shared.pair}>
            <TypedField form={form} name="port" label={t('port')} hint={t('portHint')} />
            <TypedField
              form={form}
              name="healthPath"
              label={t('healthPath')}
              hint={t('healthPathHint')}
              placeholder="/health"
            />
          </div>
        </Fold>
        {form.held ? <Text role="alert">{t('cannotSave')}</Text> : null}
        {form.broken ? <ProblemBar problem={form.broken} onRetry={form.submit} /> : null}
        <UnkeptBar form={form} />
        <div className={styles.buttons}>
          <BusyButton type="submit" busy={form.busy}>
            {t('save')}
          </BusyButton>
          <Button
            onClick={() => navigate(id === null ? paths.environments : paths.environment(id))}
          >
            {t('cancel')}
          </Button>
        </div>
      </form>
      <DockerfilePanel form={form} />
      <LeaveDialog
        // Once everything was saved the form itself goes on to the next page.
        asks={({ currentLocation, nextLocation }) =>
          form.unsaved && !leaving.current && currentLocation.pathname !== nextLocation.pathname
        }
        title={t('leave.title')}
        body={t('leave.body')}
        leave={t('leave.discard')}
        stay={t('leave.keep')}
      />
    </div>
  )
}

function Gone() {
  const { t } = useTranslation('environmentForm')
  const navigate = useNavigate()
  return (
    <EmptyState
      icon={<BoxToolboxRegular />}
      title={t('gone.title')}
      action={<Button onClick={() => navigate(paths.environments)}>{t('gone.action')}</Button>}
    >
      {t('gone.body')}
    </EmptyState>
  )
}

/** Adds an environment, or changes one. */
export default function EnvironmentFormPage() {
  const { t } = useTranslation(['environmentForm', 'environments'])
  const { environment: id } = useParams()
  const { data, error, refetch, isFetching } = useEnvironments()
  const environment = data?.environments.find((one) => one.id === id)
  const back = { label: t('environments:heading'), to: paths.environments }
  if (id === undefined) {
    return (
      <Page key="add" heading={t('headingAdd')} back={back}>
        <Form environment={null} />
      </Page>
    )
  }
  if (environment) {
    const { name } = environment
    return (
      <Page
        key={id}
        heading={t('headingEdit', { name })}
        back={{ label: name, to: paths.environment(id) }}
      >
        <Form key={id} environment={environment} />
      </Page>
    )
  }
  if (!data && !error) return <SkeletonLines lines={8} height={28} />
  return (
    <Page key="gone" heading={t('gone.heading')} back={back}>
      {error ? <ProblemBar problem={error.problem} onRetry={() => refetch()} /> : null}
      {data && isFetching ? <SkeletonLines lines={8} height={28} /> : null}
      {data && !isFetching ? <Gone /> : null}
    </Page>
  )
}
