import {
  Button,
  DialogActions,
  DialogContent,
  makeStyles,
  Text,
  tokens,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { Runtime } from '../../backend/types'
import { Block, Sentences } from '../../components/decision/Block'
import { BusyButton } from '../../components/decision/BusyButton'
import { DecisionDialog } from '../../components/decision/DecisionDialog'
import { ProgressInDialog } from '../../components/decision/ProgressInDialog'
import { SettingChanges } from '../../components/decision/SettingChanges'
import { useShownOperation } from '../../components/decision/useShownOperation'
import { namedTitle } from '../../components/environment/named'
import { ProblemBar } from '../../components/ProblemBar'
import { formatPast } from '../../format'
import { useAction, useAsk } from '../../state'
import { FromTo } from './Blocks'
import { SHOWN } from './UpdateDialog'

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL },
})

export interface RollBackDialogProps {
  runtime: Runtime
  open: boolean
  onClose: () => void
}

function WhatHappens({ runtime }: { runtime: Runtime }) {
  const { t } = useTranslation('update')
  const { name, mounts, previous, status } = runtime
  const storage = mounts.filter(({ kind }) => kind !== 'tmpfs')
  const stopped = status === 'Stopped'
  return (
    <Block heading={t('whatHappens')}>
      <Sentences
        sentences={[
          previous?.since
            ? t(previous.kept ? 'rollBack.since' : 'rollBack.imageOnly', {
                version: previous.version ?? previous.image,
                when: formatPast(previous.since),
              })
            : null,
          stopped
            ? t('rollBack.stopped', { name })
            : t(previous?.kept ? 'rollBack.happens' : 'rollBack.imageHappens'),
          stopped ? null : t('rollBack.withoutService', { name }),
          stopped ? null : t('rollBack.failed'),
          storage.length > 0
            ? t('rollBack.content', {
                storage: storage.map(({ source, target }) => source || target).join(', '),
              })
            : t('rollBack.noStorage'),
        ]}
      />
    </Block>
  )
}

/** Settings that change back with the container; nothing where there are none. */
function SettingsToo({ runtime }: { runtime: Runtime }) {
  const { t } = useTranslation('update')
  const { data, error, refetch } = useAsk(
    'preview_roll_back',
    { runtime: runtime.id },
    { staleTime: 0 },
  )
  if (error) return <ProblemBar problem={error.problem} onRetry={() => refetch()} />
  if (!data || data.changes.length === 0) return null
  return (
    <Block heading={t('rollBack.settings')}>
      <Text>{t('rollBack.settingsToo')}</Text>
      <SettingChanges changes={data.changes} label={t('rollBack.settings')} />
    </Block>
  )
}

function Content({ runtime, onClose }: Omit<RollBackDialogProps, 'open'>) {
  const styles = useStyles()
  const { t } = useTranslation(['update', 'decision'])
  const [shown, setShown] = useShownOperation(runtime, SHOWN)
  const rollBack = useAction('roll_back_runtime')
  const { previous } = runtime
  const start = () =>
    rollBack.mutate({ runtime: runtime.id }, { onSuccess: ({ operation }) => setShown(operation) })
  if (shown !== null) {
    return (
      <ProgressInDialog
        key={shown}
        id={shown}
        onClose={onClose}
        onRetry={start}
        retryLabel={t('rollBack.again')}
      />
    )
  }
  const side = (image: string, version: string | null, digest: string) => ({
    image,
    version,
    digest,
    created: null,
    facts: null,
  })
  return (
    <>
      <DialogContent>
        <div className={styles.root}>
          {previous ? (
            <>
              <FromTo
                from={side(runtime.image, runtime.version, runtime.digest)}
                to={side(previous.image, previous.version, '')}
                titles={{ from: namedTitle(runtime), to: null }}
              />
              <SettingsToo runtime={runtime} />
              <WhatHappens runtime={runtime} />
            </>
          ) : (
            <Text>{t('rollBack.nothing', { name: runtime.name })}</Text>
          )}
          {rollBack.error ? <ProblemBar problem={rollBack.error.problem} onRetry={start} /> : null}
        </div>
      </DialogContent>
      <DialogActions fluid>
        {previous ? (
          <BusyButton
            busy={rollBack.isPending}
            onClick={() => {
              if (!rollBack.isPending) start()
            }}
          >
            {t('rollBack.action')}
          </BusyButton>
        ) : null}
        <Button onClick={onClose}>{t('decision:cancel')}</Button>
      </DialogActions>
    </>
  )
}

/** Goes back to the previous container, and says what does not go back with it. */
export default function RollBackDialog({ open, onClose, runtime }: RollBackDialogProps) {
  const { t } = useTranslation('update')
  return (
    <DecisionDialog title={t('rollBack.heading')} open={open} onClose={onClose}>
      <Content runtime={runtime} onClose={onClose} />
    </DecisionDialog>
  )
}
