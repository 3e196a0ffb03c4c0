import {
  Button,
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
  Text,
  tokens,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import type {
  EnvironmentVersionDetail,
  EnvironmentVersionView,
  EnvironmentView,
} from '../../backend/types'
import { Card } from '../../components/Card'
import { CopyButton } from '../../components/CopyButton'
import { Block } from '../../components/decision/Block'
import { Facts, LongValue } from '../../components/Facts'
import { Fold } from '../../components/Fold'
import { SkeletonLines } from '../../components/Late'
import { PackageChanges } from '../../components/operation/PackageChanges'
import { Pre } from '../../components/Pre'
import { ProblemBar } from '../../components/ProblemBar'
import { PackageSearch } from '../../components/packages/PackageSearch'
import { shortDigest } from '../../format'
import { useAsk } from '../../state'
import { RuntimeLinks } from './RuntimeLinks'

const useStyles = makeStyles({
  buttons: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
  packages: { display: 'flex', flexDirection: 'column', height: '320px' },
  text: { display: 'flex', flexDirection: 'column' },
  copy: { alignSelf: 'flex-end' },
})

function VersionFacts({ detail }: { detail: EnvironmentVersionDetail }) {
  const { t } = useTranslation('environmentDetail')
  const { version, before, layers, sharedLayers } = detail
  return (
    <Facts
      facts={[
        {
          label: t('version.image'),
          value: <LongValue text={version.image} name={t('version.image')} length={64} />,
        },
        {
          label: t('version.digest'),
          value: (
            <LongValue
              text={version.digest}
              shown={shortDigest(version.digest)}
              name={t('version.digest')}
            />
          ),
        },
        {
          label: t('version.bases'),
          value:
            version.bases.length > 0
              ? version.bases.map(({ reference, digest }) => (
                  <div key={reference}>
                    {t('version.base', { reference, digest: shortDigest(digest) })}
                  </div>
                ))
              : null,
        },
        { label: t('version.python'), value: version.python },
        { label: t('version.promptflow'), value: version.promptflow },
        { label: t('version.tools'), value: version.tools },
        { label: t('version.protocol'), value: t(`version.protocols.${version.protocol}`) },
        {
          label: t('version.layers'),
          value: before
            ? t('version.layersShared', {
                shared: sharedLayers,
                count: layers,
                number: before.number,
              })
            : layers,
        },
        {
          label: t('version.runtimes'),
          value: version.runtimes.length > 0 ? <RuntimeLinks ids={version.runtimes} /> : null,
        },
        ...(version.keptBy.length > 0
          ? [{ label: t('version.keptBy'), value: <RuntimeLinks ids={version.keptBy} /> }]
          : []),
      ]}
    />
  )
}

/** A text as it is, folded, with copy. */
function FoldedText({ label, text }: { label: string; text: string }) {
  const styles = useStyles()
  return (
    <Fold label={label}>
      <div className={styles.text}>
        <span className={styles.copy}>
          <CopyButton text={text} name={label} />
        </span>
        <Pre>{text}</Pre>
      </div>
    </Fold>
  )
}

function Inside({ detail }: { detail: EnvironmentVersionDetail }) {
  const styles = useStyles()
  const { t } = useTranslation('environmentDetail')
  const { version, before, there } = detail
  return (
    <>
      {there === false ? (
        <MessageBar intent="warning" layout="multiline">
          <MessageBarBody>
            <MessageBarTitle>
              {t('version.notThere', { compute: version.computeName })}
            </MessageBarTitle>
            {t('version.notThereBody')}
          </MessageBarBody>
        </MessageBar>
      ) : null}
      <VersionFacts detail={detail} />
      {before ? (
        <Block heading={t('version.against', { number: before.number })}>
          <PackageChanges changes={detail.changes} />
        </Block>
      ) : (
        <Text>{t('version.first')}</Text>
      )}
      <Block heading={t('version.installed')}>
        <div className={styles.packages}>
          <PackageSearch packages={detail.packages} />
        </div>
      </Block>
      {detail.lock ? <FoldedText label={t('version.lock')} text={detail.lock} /> : null}
      {detail.dockerfile ? (
        <FoldedText label={t('version.dockerfile')} text={detail.dockerfile} />
      ) : null}
    </>
  )
}

/** All about one version: what is in it, what changed, and what can be made of it. */
export function VersionDetail({
  environment,
  version,
  onExactly,
}: {
  environment: EnvironmentView
  version: EnvironmentVersionView
  /** `null` where it cannot be built exactly again. */
  onExactly: (() => void) | null
}) {
  const styles = useStyles()
  const { t } = useTranslation('environmentDetail')
  const navigate = useNavigate()
  const { id } = environment
  const { number, operation } = version
  const { data, error, refetch } = useAsk('environment_version', { environment: id, number })
  return (
    <Card heading={t('version.title', { number })}>
      <div className={styles.buttons}>
        <Button
          disabledFocusable={data?.there === false}
          onClick={() => navigate(paths.addRuntimeOf(id, number))}
        >
          {t('version.addRuntime')}
        </Button>
        {onExactly ? <Button onClick={onExactly}>{t('version.exactly')}</Button> : null}
        <Button onClick={() => navigate(paths.buildLog(id, operation))}>
          {t('version.showLog')}
        </Button>
      </div>
      {error ? <ProblemBar problem={error.problem} onRetry={() => refetch()} /> : null}
      {!data && !error ? <SkeletonLines lines={8} /> : null}
      {data ? <Inside detail={data} /> : null}
    </Card>
  )
}
