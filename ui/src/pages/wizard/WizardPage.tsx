import { Button, MessageBar, MessageBarBody, Spinner, Subtitle1 } from '@fluentui/react-components'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Navigate, useLocation, useSearchParams } from 'react-router'
import { paths } from '../../app/paths'
import { changedField } from '../../components/environment/choice'
import { EnvironmentFields } from '../../components/environment/EnvironmentFields'
import { Page } from '../../components/Page'
import { ProblemBar } from '../../components/ProblemBar'
import { useFieldStyles } from '../../components/settings/fieldStyles'
import { live } from '../../state/live'
import { AdoptButtons, AdoptStep } from './adopt/AdoptStep'
import { AdoptSummary } from './adopt/AdoptSummary'
import { ApplicationField } from './adopt/ApplicationField'
import { useAdoption } from './adopt/useAdoption'
import { BeginWith } from './BeginWith'
import { CreateProgress } from './CreateProgress'
import { useWizardDraft, wizardDraft } from './draft'
import { focusField, idOf } from './fields'
import { NameStep } from './NameStep'
import { ReviewStep } from './ReviewStep'
import { SettingsStep } from './SettingsStep'
import { StepNav } from './StepNav'
import { Summary } from './Summary'
import { useWizard, type Wizard } from './useWizard'
import { useWizardStyles } from './wizardStyles'

function StepForm({ wizard }: { wizard: Wizard }) {
  const { draft, checks, preflight, remedies } = wizard
  const { form, step } = draft
  switch (step) {
    case 'name':
      return <NameStep form={form} problems={checks.shown} />
    case 'environment':
      return (
        <EnvironmentFields
          compute={form.compute}
          choice={form.environment}
          onChange={(environment) =>
            wizardDraft.type(changedField(form.environment, environment), { environment })
          }
          problemOf={(field) => checks.shown.get(field)}
          idOf={idOf}
        />
      )
    case 'settings':
      return <SettingsStep draft={draft} problems={checks.shown} confirmable={checks.confirmable} />
    case 'review':
      return (
        <ReviewStep
          form={form}
          results={preflight.results}
          running={preflight.running}
          problem={preflight.problem}
          remedies={remedies}
          onAgain={preflight.again}
        />
      )
  }
}

/** The buttons under a step, and why *Next* or *Create* did not go on. */
function StepButtons({ wizard }: { wizard: Wizard }) {
  const styles = useWizardStyles()
  const { t } = useTranslation('wizard')
  const { draft, busy, held, notCreated, problem, preflight } = wizard
  const isLast = draft.step === 'review'
  return (
    <>
      {problem ? (
        <ProblemBar problem={problem} remedies={wizard.remedies} onRetry={wizard.tryAgain} />
      ) : null}
      {held > 0 || notCreated ? (
        <MessageBar intent="warning" layout="multiline" role="group">
          <MessageBarBody>
            {notCreated ? t('cannotCreate') : t('cannotGoOn', { count: held })}
          </MessageBarBody>
        </MessageBar>
      ) : null}
      <div className={styles.buttons}>
        {draft.step === 'name' ? null : <Button onClick={wizard.back}>{t('back')}</Button>}
        <Button
          id={idOf('forward')}
          type="submit"
          appearance="primary"
          {...(busy ? { icon: <Spinner size="extra-tiny" aria-hidden="true" /> } : {})}
        >
          {t(isLast ? 'create' : 'next')}
        </Button>
        {busy ? (
          <span role="status">
            {t(isLast && preflight.running ? 'checkingThenCreate' : 'checking')}
          </span>
        ) : null}
        <Button appearance="subtle" className={styles.last} onClick={wizard.cancel}>
          {t('cancel')}
        </Button>
      </div>
    </>
  )
}

function Steps() {
  const styles = useWizardStyles()
  const { t } = useTranslation(['wizard', 'adopt'])
  const wizard = useWizard()
  const shared = useFieldStyles()
  const { draft } = wizard
  const adoption = useAdoption(draft)
  const existing = draft.application === 'existing'
  const { state } = useLocation() as { state: { field?: string } | null }
  const wanted = useRef(state?.field ?? (existing ? 'application.existing' : 'name'))
  // The page's heading takes the focus first; the field comes after it.
  useEffect(() => {
    const frame = requestAnimationFrame(() => focusField(wanted.current))
    return () => cancelAnimationFrame(frame)
  }, [])
  return (
    <Page heading={t('heading')} back={{ label: t('progress.toRuntimes'), to: paths.runtimes }}>
      <div className={styles.columns}>
        <StepNav
          step={draft.step}
          {...(existing ? { only: t('adopt:step') } : {})}
          reached={draft.reached}
          withProblem={wizard.withProblem}
          onStep={(step) => wizard.goTo(step)}
        />
        <form
          noValidate
          className={styles.form}
          aria-labelledby={idOf('step')}
          onSubmit={(event) => {
            event.preventDefault()
            if (existing) adoption.adopt()
            else wizard.next()
          }}
          onPointerDownCapture={wizard.stayHere}
          onKeyDownCapture={wizard.stayHere}
          onKeyDown={(event) => {
            // A key held down goes one step on, not through all of them.
            if (event.key === 'Enter' && event.repeat) event.preventDefault()
          }}
        >
          <Subtitle1 as="h2" id={idOf('step')} className={styles.heading}>
            {existing ? t('adopt:step') : t(`step.${draft.step}`)}
          </Subtitle1>
          <div className={shared.fields}>
            {draft.step === 'name' ? <ApplicationField application={draft.application} /> : null}
            {existing ? (
              <AdoptStep form={draft.form} adoption={adoption} />
            ) : (
              <StepForm wizard={wizard} />
            )}
          </div>
          {existing ? (
            <AdoptButtons adoption={adoption} onCancel={wizard.cancel} />
          ) : (
            <StepButtons wizard={wizard} />
          )}
        </form>
        {existing ? <AdoptSummary adoption={adoption} /> : <Summary form={draft.form} />}
      </div>
    </Page>
  )
}

/** Add runtime: the steps, then the progress of what they asked for. */
export default function WizardPage() {
  const [query] = useSearchParams()
  const kept = useWizardDraft().operation
  const asked = query.get('operation')
  const environment = query.get('environment')
  const ended =
    environment === null && kept !== null && live.operations.get(kept)?.state === 'succeeded'
  useEffect(() => {
    if (ended) wizardDraft.forget()
  }, [ended])
  if (asked !== null) return <CreateProgress key={asked} id={asked} />
  if (environment !== null) {
    return <BeginWith environment={environment} version={Number(query.get('version')) || ''} />
  }
  if (ended) return null
  if (kept !== null) return <Navigate to={paths.addRuntime(kept)} replace />
  return <Steps />
}
