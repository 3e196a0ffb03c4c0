import {
  Button,
  DialogActions,
  DialogContent,
  Dropdown,
  Field,
  makeStyles,
  Option,
  Text,
  tokens,
} from '@fluentui/react-components'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { paths } from '../../app/paths'
import type { EnvironmentView, OperationId } from '../../backend/types'
import { BusyButton } from '../../components/decision/BusyButton'
import { DecisionDialog } from '../../components/decision/DecisionDialog'
import { Looking, NotStarted } from '../../components/decision/Held'
import { GoLink } from '../../components/GoLink'
import { HintedCheckbox } from '../../components/HintedCheckbox'
import { ProblemBar } from '../../components/ProblemBar'
import { useAction, useAsk, useComputes } from '../../state'
import { PreviewBlocks } from './BuildPreview'
import { isBuilt } from './state'

const useStyles = makeStyles({
  content: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalM },
  choices: { display: 'flex', flexDirection: 'column' },
})

function Decision({
  environment,
  newest: newestAtFirst,
  exactly,
  onStarted,
  onClose,
}: {
  environment: EnvironmentView
  newest: boolean
  exactly: number | null
  onStarted: (operation: OperationId) => void
  onClose: () => void
}) {
  const styles = useStyles()
  const { t } = useTranslation(['environmentDetail', 'common'])
  const connected = useComputes().filter(({ state }) => state.kind === 'connected')
  const build = useAction('build_environment')
  const [chosen, setChosen] = useState<string | null>(null)
  const [newestBase, setNewestBase] = useState(newestAtFirst)
  const [noCache, setNoCache] = useState(false)
  const before = environment.versions.find(
    ({ number }) => exactly === null || number === exactly,
  )?.compute
  const compute =
    connected.find(({ id }) => id === chosen) ??
    connected.find(({ id }) => id === before) ??
    connected[0]
  const preview = useAsk(
    'preview_build',
    { environment: environment.id, compute: compute?.id ?? '', newestBase },
    { enabled: compute !== undefined && exactly === null, staleTime: 0, keepPrevious: true },
  )
  const problems = preview.data?.problems ?? []
  const hindered = exactly === null && problems.length > 0
  const start = () => {
    if (!compute || build.isPending || hindered) return
    build.mutate(
      {
        environment: environment.id,
        compute: compute.id,
        newestBase: exactly === null && newestBase,
        noCache,
        exactly,
        update: [],
      },
      { onSuccess: ({ operation }) => onStarted(operation) },
    )
  }
  return (
    <>
      <DialogContent className={styles.content}>
        {exactly === null ? null : <Text>{t('buildDialog.exactly', { number: exactly })}</Text>}
        {compute ? (
          <Field label={t('buildDialog.compute')}>
            <Dropdown
              value={compute.name}
              selectedOptions={[compute.id]}
              onOptionSelect={(_, { optionValue }) => setChosen(optionValue ?? null)}
            >
              {connected.map(({ id, name }) => (
                <Option key={id} value={id}>
                  {name}
                </Option>
              ))}
            </Dropdown>
          </Field>
        ) : (
          <Text>
            {t('buildDialog.noCompute')}{' '}
            <GoLink inline to={paths.computes}>
              {t('buildDialog.toComputes')}
            </GoLink>
          </Text>
        )}
        <div className={styles.choices}>
          {exactly === null ? (
            <HintedCheckbox
              label={t('buildDialog.newestBase')}
              hint={t('buildDialog.newestBaseHint')}
              checked={newestBase}
              onChange={setNewestBase}
            />
          ) : null}
          {isBuilt(environment) ? (
            <HintedCheckbox
              label={t('buildDialog.noCache')}
              hint={t('buildDialog.noCacheHint')}
              checked={noCache}
              onChange={setNoCache}
            />
          ) : null}
        </div>
        {preview.isFetching ? <Looking>{t('buildDialog.looking')}</Looking> : null}
        {preview.error ? (
          <ProblemBar problem={preview.error.problem} onRetry={() => preview.refetch()} />
        ) : null}
        {preview.data && compute && exactly === null ? (
          <PreviewBlocks preview={preview.data} />
        ) : null}
        {hindered ? <NotStarted>{t('buildDialog.cannot')}</NotStarted> : null}
        {build.error ? <ProblemBar problem={build.error.problem} onRetry={start} /> : null}
      </DialogContent>
      <DialogActions fluid>
        <BusyButton busy={build.isPending} disabledFocusable={!compute || hindered} onClick={start}>
          {t('buildDialog.build')}
        </BusyButton>
        <Button onClick={onClose}>{t('common:cancel')}</Button>
      </DialogActions>
    </>
  )
}

/** Where and how to build, what that would do, and the build itself. */
export function BuildDialog({
  environment,
  newest,
  exactly,
  onStarted,
  onClose,
}: {
  environment: EnvironmentView
  /** On the newest base, to begin with. */
  newest: boolean
  /** The version that is built exactly again; `null` = what the definition says. */
  exactly: number | null
  onStarted: (operation: OperationId) => void
  onClose: () => void
}) {
  const { t } = useTranslation('environmentDetail')
  return (
    <DecisionDialog
      open
      title={
        exactly === null
          ? t('buildDialog.title')
          : t('buildDialog.titleExactly', { number: exactly })
      }
      onClose={onClose}
    >
      <Decision
        environment={environment}
        newest={newest}
        exactly={exactly}
        onStarted={onStarted}
        onClose={onClose}
      />
    </DecisionDialog>
  )
}
