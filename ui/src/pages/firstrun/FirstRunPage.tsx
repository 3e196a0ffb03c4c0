import {
  Button,
  Card,
  makeStyles,
  Spinner,
  Subtitle1,
  Subtitle2,
  Text,
  tokens,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { ComputeView, FirstRun, ShellCommand } from '../../backend/types'
import { CommandLine } from '../../components/CommandLine'
import { Fold } from '../../components/Fold'
import { SkeletonLines } from '../../components/Late'
import { Page } from '../../components/Page'
import { ProblemBar } from '../../components/ProblemBar'
import { useAction, useAsk, useComputes } from '../../state'
import { sizes } from '../../theme'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalL,
    maxWidth: sizes.formWidth,
  },
  heading: { margin: 0 },
  quiet: { color: tokens.colorNeutralForeground3 },
  card: { boxShadow: 'none' },
  start: { alignSelf: 'flex-start' },
  command: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalXXS },
  tried: { margin: 0, paddingInlineStart: tokens.spacingHorizontalL },
})

function Podman({ version, starting }: { version: string; starting: boolean }) {
  const styles = useStyles()
  const { t } = useTranslation('firstrun')
  const start = useAction('start_podman_service')
  const isStarting = starting || start.isPending
  return (
    <Card
      appearance="outline"
      className={styles.card}
      role="group"
      aria-label={t('podmanTitle')}
      focusMode="off"
    >
      <Subtitle2 as="h3" className={styles.heading}>
        {t('podmanTitle')}
      </Subtitle2>
      <Text>{t('podmanBody', { version })}</Text>
      {start.error ? (
        <ProblemBar problem={start.error.problem} onRetry={() => start.mutate({})} />
      ) : null}
      {isStarting ? (
        <Text role="status">
          <Spinner size="extra-tiny" labelPosition="after" label={t('podmanStarting')} />
        </Text>
      ) : (
        <Button appearance="primary" className={styles.start} onClick={() => start.mutate({})}>
          {t('podmanStart')}
        </Button>
      )}
    </Card>
  )
}

function Commands({
  commands,
  dockerStopped,
}: {
  commands: ShellCommand[]
  dockerStopped: boolean
}) {
  const styles = useStyles()
  const { t } = useTranslation('firstrun')
  const title = t(dockerStopped ? 'dockerStopped' : 'installTitle')
  return (
    <Card
      appearance="outline"
      className={styles.card}
      role="group"
      aria-label={title}
      focusMode="off"
    >
      <Subtitle2 as="h3" className={styles.heading}>
        {title}
      </Subtitle2>
      <Text>{t(dockerStopped ? 'dockerStoppedBody' : 'installBody')}</Text>
      {commands.map(({ purpose, command }) => (
        <div key={`${purpose} ${command}`} className={styles.command}>
          <Text weight="semibold">{t(`purpose.${purpose}`)}</Text>
          <CommandLine command={command} name={t(`purpose.${purpose}`)} />
          <Text size={200} className={styles.quiet}>
            {t(`note.${purpose}`)}
          </Text>
        </div>
      ))}
    </Card>
  )
}

const isDenied = ({ state }: ComputeView) =>
  'why' in state && state.why.reason.kind === 'permissionDenied'

/** An engine runs, and only the right to use it is missing: who has it, and the command that gives it. */
function Denied({ compute }: { compute: ComputeView }) {
  const styles = useStyles()
  const { t } = useTranslation('firstrun')
  if (!('why' in compute.state)) return null
  const { sentence, hints, command } = compute.state.why
  const title = t('deniedTitle', { name: compute.name })
  return (
    <Card
      appearance="outline"
      className={styles.card}
      role="group"
      aria-label={title}
      focusMode="off"
    >
      <Subtitle2 as="h3" className={styles.heading}>
        {title}
      </Subtitle2>
      <Text>{[sentence, ...hints].join(' ')}</Text>
      {command ? <CommandLine command={command} name={t('purpose.joinDockerGroup')} /> : null}
    </Card>
  )
}

/** What was looked at, and why each cannot be used. */
function Tried({ computes }: { computes: readonly ComputeView[] }) {
  const styles = useStyles()
  const { t } = useTranslation('firstrun')
  const reasons = computes.flatMap(({ id, name, state }) =>
    'why' in state ? [{ id, words: `${name}: ${state.why.sentence}`, hints: state.why.hints }] : [],
  )
  if (reasons.length === 0) return null
  return (
    <Fold label={t('tried')}>
      <ul className={styles.tried}>
        {reasons.map(({ id, words, hints }) => (
          <li key={id}>{[words, ...hints].join(' ')}</li>
        ))}
      </ul>
    </Fold>
  )
}

function Offers({ firstRun, denied }: { firstRun: FirstRun; denied: boolean }) {
  const { podman, podmanStarting } = firstRun
  // What runs already needs no start, and the right to use it is offered with it.
  const commands = firstRun.commands.filter(
    ({ purpose }) => !denied || (purpose !== 'startDocker' && purpose !== 'joinDockerGroup'),
  )
  const dockerInstalled = firstRun.dockerInstalled && !denied
  return (
    <>
      {podman !== null ? <Podman version={podman} starting={podmanStarting} /> : null}
      {commands.length > 0 ? (
        <Commands commands={commands} dockerStopped={dockerInstalled} />
      ) : null}
    </>
  )
}

/** Shown in the place of the runtimes while no engine answers; it goes when one does. */
export default function FirstRunPage() {
  const styles = useStyles()
  const { t } = useTranslation('firstrun')
  const computes = useComputes()
  const { data, error, refetch, isFetching } = useAsk('first_run', {}, { staleTime: 0 })
  const retry = useAction('retry_compute')
  const tryAgain = () => {
    for (const { id, state } of computes) {
      if ('why' in state && state.why.reason.kind !== 'notSupportedYet') {
        retry.mutate({ compute: id })
      }
    }
    refetch()
  }
  const denied = computes.filter(isDenied)
  const trying = isFetching || retry.isPending
  return (
    <Page heading={t('heading')}>
      <div className={styles.root}>
        <Subtitle1 as="h2" className={styles.heading}>
          {t(denied.length > 0 ? 'titleDenied' : 'title')}
        </Subtitle1>
        <Text>{t('intro')}</Text>
        {data ? (
          <Text size={200} className={styles.quiet}>
            {t('system', { system: data.system })}
          </Text>
        ) : null}
        {error ? <ProblemBar problem={error.problem} onRetry={tryAgain} /> : null}
        {!data && !error ? <SkeletonLines lines={4} height={28} /> : null}
        {denied.map((compute) => (
          <Denied key={compute.id} compute={compute} />
        ))}
        {data ? <Offers firstRun={data} denied={denied.length > 0} /> : null}
        <Tried computes={computes} />
        <Button
          className={styles.start}
          {...(trying ? { icon: <Spinner size="extra-tiny" aria-hidden="true" /> } : {})}
          onClick={tryAgain}
        >
          {t('tryAgain')}
        </Button>
      </div>
    </Page>
  )
}
