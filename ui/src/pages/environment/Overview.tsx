import { Button, makeStyles, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { paths } from '../../app/paths'
import type { EnvironmentVersionView, EnvironmentView } from '../../backend/types'
import { Card } from '../../components/Card'
import { type Fact, Facts, LongValue } from '../../components/Facts'
import { GoLink } from '../../components/GoLink'
import { Moment } from '../../components/Moment'
import { Pre } from '../../components/Pre'
import { formatBytes } from '../../format'
import { sizes } from '../../theme'
import { RuntimeLinks } from './RuntimeLinks'
import { SecretState } from './SecretState'
import { pythonVersion } from './state'

const useStyles = makeStyles({
  root: {
    display: 'grid',
    gridTemplateColumns: `repeat(auto-fit, minmax(min(100%, ${sizes.cardWidth}), 1fr))`,
    gap: tokens.spacingHorizontalL,
    alignItems: 'start',
    maxWidth: sizes.readingWidth,
  },
  start: { alignSelf: 'flex-start' },
})

/** What is said of the kind that it is. */
function useSourceFacts(environment: EnvironmentView): Fact[] {
  const { t } = useTranslation('environmentDetail')
  const { source, secrets } = environment
  switch (source.kind) {
    case 'packages':
      return [
        { label: t('overview.base'), value: source.base },
        { label: t('overview.promptflow'), value: source.promptflow || t('overview.newest') },
        {
          label: t('overview.tools'),
          value: t(source.tools ? 'overview.with' : 'overview.without'),
        },
        {
          label: t('overview.requirements'),
          value: source.requirements.trim() ? (
            <Pre>{source.requirements.trimEnd()}</Pre>
          ) : (
            t('overview.noRequirements')
          ),
        },
        ...(source.systemPackages.length > 0
          ? [{ label: t('overview.systemPackages'), value: source.systemPackages.join(' ') }]
          : []),
        { label: t('overview.installer'), value: source.installer },
        { label: t('overview.index'), value: source.index.url || t('overview.publicIndex') },
        ...(source.index.username
          ? [{ label: t('overview.indexUsername'), value: source.index.username }]
          : []),
        ...(secrets.length > 0
          ? [
              {
                label: t('overview.indexPassword'),
                value: secrets.map((secret) => (
                  <SecretState
                    key={secret.id}
                    environment={environment.id}
                    secret={secret}
                    what={t('overview.indexPassword')}
                  />
                )),
              },
            ]
          : []),
      ]
    case 'buildContext':
      return [
        {
          label: t('overview.context'),
          value: source.folder ? (
            <LongValue text={source.folder} name={t('overview.context')} length={48} />
          ) : (
            t('overview.ownFolder')
          ),
        },
        { label: t('overview.dockerfile'), value: source.dockerfile || 'Dockerfile' },
        ...(source.arguments.length > 0
          ? [
              {
                label: t('overview.arguments'),
                value: source.arguments.map(({ name, value }) => (
                  <div key={name}>{t('overview.argument', { name, value })}</div>
                )),
              },
            ]
          : []),
        ...(secrets.length > 0
          ? [
              {
                label: t('overview.secrets'),
                value: secrets.map((secret) => (
                  <SecretState
                    key={secret.id}
                    environment={environment.id}
                    secret={secret}
                    what={secret.id}
                    shown
                  />
                )),
              },
            ]
          : []),
        { label: t('overview.target'), value: source.target || t('overview.lastStage') },
      ]
    case 'image':
      return [
        {
          label: t('overview.reference'),
          value: <LongValue text={source.reference} name={t('overview.reference')} length={48} />,
        },
      ]
    case 'default':
      return [
        {
          label: t('overview.repository'),
          value: source.repository || t('overview.defaultRepository'),
        },
        { label: t('overview.version'), value: source.version || t('overview.newest') },
      ]
  }
}

function Definition({ environment }: { environment: EnvironmentView }) {
  const { t } = useTranslation(['environmentDetail', 'environments'])
  const { source, port, healthPath, folder } = environment
  const ofKind = useSourceFacts(environment)
  return (
    <Card heading={t('overview.definition')}>
      <Facts
        facts={[
          { label: t('overview.kind'), value: t(`environments:kind.${source.kind}`) },
          ...ofKind,
          { label: t('overview.port'), value: port ?? t('overview.imagePort') },
          { label: t('overview.healthPath'), value: healthPath || '/health' },
          {
            label: t('overview.folder'),
            value: <LongValue text={folder} name={t('overview.folder')} length={48} />,
          },
        ]}
      />
    </Card>
  )
}

function Newest({
  environment,
  version,
}: {
  environment: EnvironmentView
  version: EnvironmentVersionView
}) {
  const { t } = useTranslation('environmentDetail')
  const { number, created, computeName, size, promptflow, tools } = version
  return (
    <>
      <Facts
        facts={[
          { label: t('version.number'), value: number },
          { label: t('version.created'), value: <Moment time={created} /> },
          { label: t('version.compute'), value: computeName },
          { label: t('version.python'), value: pythonVersion(version) },
          { label: t('version.promptflow'), value: promptflow },
          { label: t('version.tools'), value: tools },
          { label: t('version.packages'), value: version.packages },
          { label: t('version.size'), value: formatBytes(size) },
          {
            label: t('overview.runtimes'),
            value: version.runtimes.length > 0 ? <RuntimeLinks ids={version.runtimes} /> : null,
          },
        ]}
      />
      <GoLink to={paths.environmentVersion(environment.id, number)}>
        {t('overview.showVersion', { number })}
      </GoLink>
    </>
  )
}

/** What the environment is made from, and its newest version. */
export function Overview({
  environment,
  onBuild,
}: {
  environment: EnvironmentView
  /** `null` while it is built. */
  onBuild: (() => void) | null
}) {
  const styles = useStyles()
  const { t } = useTranslation('environmentDetail')
  const [newest] = environment.versions
  return (
    <div className={styles.root}>
      <Definition environment={environment} />
      <Card heading={newest ? t('overview.newestVersion') : t('overview.noVersion')}>
        {newest ? (
          <Newest environment={environment} version={newest} />
        ) : (
          <>
            <Text>{t('overview.noVersionBody')}</Text>
            {onBuild ? (
              <Button className={styles.start} onClick={onBuild}>
                {t('action.build')}
              </Button>
            ) : null}
          </>
        )}
      </Card>
    </div>
  )
}
