import {
  Button,
  Field,
  Input,
  MessageBar,
  MessageBarBody,
  makeStyles,
  Text,
  tokens,
} from '@fluentui/react-components'
import { Play20Regular } from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import { useNavigate, useParams, useSearchParams } from 'react-router'
import { paths } from '../../app/paths'
import type { FlowRuntime, FlowView } from '../../backend/types'
import { BusyButton } from '../../components/decision/BusyButton'
import { FormSection } from '../../components/FormSection'
import { SkeletonLines } from '../../components/Late'
import { Page } from '../../components/Page'
import { ProblemBar } from '../../components/ProblemBar'
import { useAsk } from '../../state'
import { sizes } from '../../theme'
import { drafts } from '../flow/draft'
import { ConnectionFields } from './ConnectionFields'
import { FileField } from './FileField'
import { InitFields, VariantFields } from './FlowFields'
import { emptyForm, type Form, fieldId, formOf, inputsOf, sourcesOf } from './form'
import { MappingTable } from './MappingTable'
import { OtherField } from './OtherField'
import { PreviewTable } from './PreviewTable'
import { RuntimesField } from './RuntimesField'
import { SettingsFields } from './SettingsFields'
import { type BatchFormState, useBatchForm } from './useBatchForm'

const useStyles = makeStyles({
  form: {
    display: 'flex',
    flexDirection: 'column',
    flexGrow: 1,
    rowGap: tokens.spacingVerticalL,
    maxWidth: sizes.readingWidth,
    // What gets the focus does not stand behind the foot.
    '& input, & textarea, & button': { scrollMarginBottom: '88px' },
  },
  fields: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(100%, 320px), 1fr))',
    gap: tokens.spacingHorizontalL,
    alignItems: 'start',
  },
  quiet: { color: tokens.colorNeutralForeground2 },
  foot: {
    position: 'sticky',
    bottom: 0,
    zIndex: 2,
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalM,
    rowGap: tokens.spacingVerticalXS,
    paddingBlock: tokens.spacingVerticalM,
    // What scrolls does not show beside it.
    marginBottom: `calc(-1 * ${sizes.pagePadding})`,
    backgroundColor: tokens.colorNeutralBackground1,
    borderTop: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
  },
})

/** What stands in the way, or when it begins. */
function Standing({ state }: { state: BatchFormState }) {
  const styles = useStyles()
  const { t } = useTranslation('batchForm')
  const { asking, wrong, preview } = state
  if (asking) {
    return (
      <Text role="status" className={styles.quiet}>
        {t('asking')}
      </Text>
    )
  }
  if (wrong > 0) return <Text role="status">{t('wrong', { count: wrong })}</Text>
  return (
    <Text role="status" className={styles.quiet}>
      {(preview?.queues ?? [])
        .map(({ name, batches }) =>
          t('queue', { runtime: name, batches: batches.map((one) => `“${one}”`).join(', ') }),
        )
        .join(' ')}
    </Text>
  )
}

/** The form with everything that it begins with. */
function FormOf({
  view,
  runtimes,
  begin,
}: {
  view: FlowView
  runtimes: FlowRuntime[] | undefined
  begin: Form
}) {
  const styles = useStyles()
  const { t } = useTranslation('batchForm')
  const navigate = useNavigate()
  const state = useBatchForm(view, runtimes, begin)
  const { form, draft, preview, rows, change, problemOf } = state
  const inputs = preview?.inputs ?? inputsOf(view)
  const columns = preview?.data?.columns ?? []
  return (
    <form
      noValidate
      className={styles.form}
      aria-label={t('headingOf', { name: view.name })}
      onSubmit={(event) => {
        event.preventDefault()
        state.begin()
      }}
    >
      {state.others.map((problem) => (
        <ProblemBar key={problem.sentence} problem={problem} title={t('notStarted')} />
      ))}
      {state.askError ? (
        <ProblemBar problem={state.askError} title={t('notRead')} onRetry={state.askAgain} />
      ) : null}
      <FormSection heading={t('section.what')}>
        <div className={styles.fields}>
          <Field label={t('name')} hint={t('nameHint')}>
            <Input
              id={fieldId('name')}
              value={form.name}
              autoComplete="off"
              onChange={(_, { value }) => change({ name: value })}
            />
          </Field>
          {runtimes ? (
            <RuntimesField
              runtimes={runtimes}
              chosen={state.runtimes}
              problem={problemOf('runtimes')}
              onChoose={(chosen) => change({ runtimes: chosen })}
            />
          ) : (
            <SkeletonLines lines={2} />
          )}
          <VariantFields
            view={view}
            variants={form.variants}
            onChange={(variants) => change({ variants })}
          />
        </div>
        <InitFields
          view={view}
          init={form.init}
          problemOf={problemOf}
          onChange={(init) => change({ init })}
        />
        <ConnectionFields
          view={view}
          form={form}
          onChange={(connections) => change({ connections })}
        />
      </FormSection>
      <FormSection heading={t('section.rows')}>
        <FileField
          file={form.file}
          data={preview?.data ?? null}
          ofOther={form.other !== null}
          problem={problemOf('file')}
          onChange={(file) => change({ file })}
        />
        <OtherField
          other={form.other}
          problem={problemOf('other')}
          onChoose={(other) => change({ other })}
        />
      </FormSection>
      <FormSection heading={t('section.inputs')}>
        <MappingTable
          inputs={inputs}
          mapping={draft.mapping}
          own={form.mapping}
          proposed={preview?.proposed ?? {}}
          sources={sourcesOf(columns, preview?.other ?? null)}
          problemOf={problemOf}
          onChange={(name, written) => {
            const { [name]: _before, ...others } = form.mapping
            change({ mapping: written === undefined ? others : { ...others, [name]: written } })
          }}
        />
        {preview?.hasAggregation ? <Text className={styles.quiet}>{t('aggregation')}</Text> : null}
      </FormSection>
      <FormSection heading={t('section.preview')}>
        {rows === null ? (
          <SkeletonLines lines={6} height={28} />
        ) : rows.length > 0 ? (
          <PreviewTable inputs={inputs.map(({ name }) => name)} rows={rows} />
        ) : (
          <Text className={styles.quiet}>
            {t(preview?.data ? 'preview.empty' : 'preview.none')}
          </Text>
        )}
      </FormSection>
      <FormSection heading={t('section.settings')}>
        <SettingsFields
          form={form}
          proposedWorkers={preview?.proposedWorkers}
          problemOf={problemOf}
          onChange={change}
        />
      </FormSection>
      <div className={styles.foot}>
        <BusyButton
          type="submit"
          busy={state.starting}
          disabledFocusable={state.asking || state.starting}
          {...(state.starting ? {} : { icon: <Play20Regular /> })}
        >
          {t('start')}
        </BusyButton>
        <Button onClick={() => navigate(paths.flow(view.flow))}>{t('cancel')}</Button>
        <Standing state={state} />
      </div>
    </form>
  )
}

/** Puts together a batch run of a flow: rows, where the inputs come from, on what it runs and how. */
export default function BatchFormPage() {
  const { t } = useTranslation('batchForm')
  const { flow = '' } = useParams()
  const [search] = useSearchParams()
  const from = search.get('from')
  const other = search.get('other')
  const asked = useAsk('flow', { flow })
  const runtimes = useAsk('flow_runtimes', { flow })
  const earlier = useAsk('batch', { batch: from ?? '' }, { enabled: from !== null })
  const view = asked.data
  const waits = from !== null && earlier.data === undefined && earlier.error === null
  // What was chosen on the page of the flow is meant here, too.
  const chosen = drafts.get(flow)
  const begin = (): Form => ({
    ...emptyForm,
    ...(chosen
      ? { variants: chosen.variants, init: chosen.init, connections: chosen.connections }
      : {}),
    ...(earlier.data ? formOf(earlier.data) : {}),
    ...(other === null ? {} : { other }),
  })
  return (
    <Page
      heading={view ? t('headingOf', { name: view.name }) : t('heading')}
      back={{ label: view ? t('back', { name: view.name }) : t('cancel'), to: paths.flow(flow) }}
    >
      {asked.error ? (
        <ProblemBar problem={asked.error.problem} onRetry={() => asked.refetch()} />
      ) : null}
      {runtimes.error ? (
        <ProblemBar problem={runtimes.error.problem} onRetry={() => runtimes.refetch()} />
      ) : null}
      {earlier.error ? (
        <MessageBar intent="warning" layout="multiline" role="group">
          <MessageBarBody>{t('noPrefill')}</MessageBarBody>
        </MessageBar>
      ) : null}
      {view && !waits ? (
        <FormOf
          key={`${flow} ${from} ${other}`}
          view={view}
          runtimes={runtimes.data?.runtimes}
          begin={begin()}
        />
      ) : asked.error ? null : (
        <SkeletonLines lines={8} height={28} />
      )}
    </Page>
  )
}
