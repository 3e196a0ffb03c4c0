import {
  Button,
  Field,
  makeStyles,
  mergeClasses,
  Radio,
  RadioGroup,
  Text,
  Textarea,
  tokens,
} from '@fluentui/react-components'
import { BoxToolboxRegular } from '@fluentui/react-icons'
import { type FormEvent, useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate, useParams } from 'react-router'
import { paths } from '../../app/paths'
import type { EnvironmentView } from '../../backend/types'
import { BusyButton } from '../../components/decision/BusyButton'
import { EmptyState } from '../../components/EmptyState'
import { Fold } from '../../components/Fold'
import { SkeletonLines } from '../../components/Late'
import { Page } from '../../components/Page'
import { ProblemBar } from '../../components/ProblemBar'
import { useFieldStyles } from '../../components/settings/fieldStyles'
import { sizes } from '../../theme'
import { useEnvironments } from '../environment/state'
import { DockerfilePanel } from './DockerfilePanel'
import { idOf, KINDS, type SourceKind } from './form'
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
  hint: { display: 'block', color: tokens.colorNeutralForeground3 },
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
          <Radio
            key={kind}
            value={kind}
            aria-describedby={idOf(`kind.${kind}.hint`)}
            aria-label={t(`environments:kind.${kind}`)}
            label={
              <>
                {t(`environments:kind.${kind}`)}
                <Text size={200} id={idOf(`kind.${kind}.hint`)} className={styles.hint}>
                  {t(`kindHint.${kind}`)}
                </Text>
              </>
            }
          />
        ))}
      </RadioGroup>
    </Field>
  )
}

/** Everything that can be said about an environment, and what would be built beside it. */
function Form({ environment }: { environment: EnvironmentView | null }) {
  const styles = useStyles()
  const shared = useFieldStyles()
  const { t } = useTranslation('environmentForm')
  const navigate = useNavigate()
  const form = useEnvironmentForm(environment, (id) => navigate(paths.environment(id)))
  const { focus, onFocused } = form
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
        <div className={styles.buttons}>
          <BusyButton type="submit" busy={form.busy}>
            {t('save')}
          </BusyButton>
          <Button
            onClick={() =>
              navigate(environment ? paths.environment(environment.id) : paths.environments)
            }
          >
            {t('cancel')}
          </Button>
        </div>
      </form>
      <DockerfilePanel form={form} />
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
