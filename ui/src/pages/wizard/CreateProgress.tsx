import { Button, Spinner, Text } from '@fluentui/react-components'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import type { Operation } from '../../backend/types'
import { EmptyState } from '../../components/EmptyState'
import { Late } from '../../components/Late'
import { OperationProgress } from '../../components/operation/OperationProgress'
import { Page } from '../../components/Page'
import { ProblemBar } from '../../components/ProblemBar'
import { useFieldStyles } from '../../components/settings/fieldStyles'
import { isRunning, useAction, useAsk, useLiveOperation } from '../../state'
import { useWizardDraft, wizardDraft } from './draft'
import { draftOf, isAdvanced, type WizardStep } from './form'
import { useWizardRemedies } from './useWizard'
import { useProgressStyles } from './wizardStyles'

function headingKey(operation: Operation) {
  if (isRunning(operation)) return 'progress.creating' as const
  switch (operation.state) {
    case 'succeeded':
      return 'progress.created' as const
    case 'cancelled':
      return 'progress.cancelled' as const
    default:
      return 'progress.notCreated' as const
  }
}

function Known({ operation }: { operation: Operation }) {
  const styles = useProgressStyles()
  const { t } = useTranslation('wizard')
  const navigate = useNavigate()
  const draft = useWizardDraft()
  const again = useAction('create_runtime')
  const open = useRef<HTMLButtonElement>(null)
  const name = operation.name
  const running = isRunning(operation)
  const succeeded = operation.state === 'succeeded'
  const isOurs = draft.operation === operation.id
  useEffect(() => {
    if (succeeded) open.current?.focus()
  }, [succeeded])
  // The draft has become a runtime; the next one begins afresh.
  useEffect(() => {
    if (succeeded && isOurs) wizardDraft.forget()
  }, [succeeded, isOurs])
  const backTo = (step: WizardStep, field: string) => {
    wizardDraft.operation(null)
    if (isAdvanced(field)) wizardDraft.openAdvanced(true)
    wizardDraft.goTo(step)
    navigate(paths.addRuntime(), { replace: true, state: { field } })
  }
  const createAgain = () => {
    const { form } = wizardDraft.get()
    again.mutate(
      { compute: form.compute, draft: draftOf(form) },
      {
        onSuccess: ({ operation: id }) => {
          wizardDraft.operation(id)
          navigate(paths.addRuntime(id), { replace: true })
        },
      },
    )
  }
  const change = () => backTo(isOurs ? draft.step : 'name', isOurs ? 'forward' : 'name')
  const retry = isOurs ? createAgain : change
  const remedies = useWizardRemedies(backTo, retry)
  return (
    <Page
      heading={t(headingKey(operation), { name })}
      back={{ label: t('progress.toRuntimes'), to: paths.runtimes }}
    >
      <div className={styles.column}>
        {running ? <Text className={styles.quiet}>{t('progress.leave')}</Text> : null}
        {again.error ? <ProblemBar problem={again.error.problem} onRetry={createAgain} /> : null}
        <OperationProgress
          operation={operation}
          remedies={remedies}
          onRetry={retry}
          actions={
            running ? undefined : succeeded ? (
              <>
                <Button
                  ref={open}
                  appearance="primary"
                  onClick={() => navigate(paths.runtime(operation.runtime ?? ''))}
                >
                  {t('progress.open', { name })}
                </Button>
                <Button onClick={() => navigate(paths.addRuntime(), { replace: true })}>
                  {t('progress.another')}
                </Button>
              </>
            ) : (
              <>
                {isOurs ? (
                  <Button appearance="primary" onClick={createAgain}>
                    {t('progress.again')}
                  </Button>
                ) : null}
                <Button onClick={change}>{t('progress.change')}</Button>
              </>
            )
          }
        />
      </div>
    </Page>
  )
}

/** The page after *Create*: the operation from its first step to *Open NAME*. */
export function CreateProgress({ id }: { id: string }) {
  const { t } = useTranslation('wizard')
  const shared = useFieldStyles()
  const navigate = useNavigate()
  const live = useLiveOperation(id)
  const { data, error, isFetching } = useAsk('list_operations', {}, { enabled: !live })
  const operation = live ?? data?.operations.find((one) => one.id === id)
  const isOurs = useWizardDraft().operation === id
  if (operation) return <Known operation={operation} />
  const waiting = isFetching || isOurs
  return (
    <Page heading={t('heading')} back={{ label: t('progress.toRuntimes'), to: paths.runtimes }}>
      {error ? <ProblemBar problem={error.problem} /> : null}
      {waiting && !error ? (
        <Late>
          <div className={shared.row} role="status">
            <Spinner size="tiny" aria-hidden="true" />
            <Text>{t('checking')}</Text>
          </div>
        </Late>
      ) : null}
      {!waiting && !error ? (
        <EmptyState
          title={t('progress.gone')}
          action={
            <Button onClick={() => navigate(paths.addRuntime(), { replace: true })}>
              {t('progress.fresh')}
            </Button>
          }
        >
          {null}
        </EmptyState>
      ) : null}
    </Page>
  )
}
