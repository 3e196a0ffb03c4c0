import { makeStyles, Text, tokens } from '@fluentui/react-components'
import { ArrowRight20Regular } from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import type { ImageSide, KnownChanges, Runtime, UpdatePreview } from '../../backend/types'
import { Block, Sentences } from '../../components/decision/Block'
import { useDownloadWords, VersionWords } from '../../components/environment/VersionWords'
import { Facts, LongValue } from '../../components/Facts'
import { Moment } from '../../components/Moment'
import { PackageChanges } from '../../components/operation/PackageChanges'
import { cutMiddle, formatBytes, shortDigest } from '../../format'

const useStyles = makeStyles({
  sides: {
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 1fr) 20px minmax(0, 1fr)',
    columnGap: tokens.spacingHorizontalM,
    alignItems: 'start',
  },
  side: { display: 'flex', flexDirection: 'column', minWidth: 0, overflowWrap: 'anywhere' },
  quiet: { color: tokens.colorNeutralForeground2 },
  list: { margin: 0, paddingInlineStart: tokens.spacingHorizontalL },
})

/** `title` stands in the place of the version or the reference. */
function Side({
  side,
  name,
  title,
}: {
  side: ImageSide | null
  name: string
  title: string | null
}) {
  const styles = useStyles()
  const { t } = useTranslation('update')
  if (!side) return <Text className={styles.quiet}>{t('fromUnknown')}</Text>
  return (
    <div className={styles.side}>
      <Text weight="semibold">{title ?? side.version ?? cutMiddle(side.image, 48)}</Text>
      {side.created ? (
        <Text className={styles.quiet}>
          <Moment time={side.created} />
        </Text>
      ) : null}
      {side.digest ? (
        <Text size={200} className={styles.quiet}>
          <LongValue
            text={side.digest}
            shown={shortDigest(side.digest)}
            name={`${name}: ${t('digest')}`}
          />
        </Text>
      ) : null}
    </div>
  )
}

export function FromTo({
  from,
  to,
  titles,
}: {
  from: ImageSide | null
  to: ImageSide
  /** What environments with a name call the two. */
  titles: { from: string | null; to: string | null }
}) {
  const styles = useStyles()
  const { t } = useTranslation('update')
  return (
    <Block heading={t('fromTo')}>
      <div className={styles.sides}>
        <Side side={from} name={t('from')} title={titles.from} />
        <ArrowRight20Regular aria-hidden="true" />
        <Side side={to} name={t('to')} title={titles.to} />
      </div>
    </Block>
  )
}

/** What differs between two images that were both proved before. */
function Known({ changes }: { changes: KnownChanges }) {
  const { t } = useTranslation('update')
  const { packages, pythonFrom, pythonTo, sizeFrom, sizeTo, layers, sharedLayers } = changes
  return (
    <>
      <Facts
        facts={[
          {
            label: t('python'),
            value:
              pythonFrom === pythonTo
                ? pythonTo
                : t('pythonChange', { from: pythonFrom ?? '?', to: pythonTo ?? '?' }),
          },
          {
            label: t('size'),
            value: t('sizeChange', { from: formatBytes(sizeFrom), to: formatBytes(sizeTo) }),
          },
          { label: t('layers'), value: t('layersShared', { shared: sharedLayers, count: layers }) },
        ]}
      />
      <PackageChanges changes={packages} />
    </>
  )
}

export function WhatChanges({ preview, runtime }: { preview: UpdatePreview; runtime: Runtime }) {
  const styles = useStyles()
  const { t } = useTranslation('update')
  const download = useDownloadWords()
  const { securityFixes, sameImage, downloadSize, to, changes } = preview
  if (sameImage) {
    return (
      <Block heading={t('whatChanges')}>
        <Text>{t('sameImage', { name: runtime.name })}</Text>
      </Block>
    )
  }
  return (
    <Block heading={t('whatChanges')}>
      {to.version ? <VersionWords facts={to.facts} /> : null}
      {securityFixes.length > 0 ? (
        <div>
          <Text>{t('securityFixes', { count: securityFixes.length })}</Text>
          <ul className={styles.list}>
            {securityFixes.map(({ version, note }) => (
              <li key={version}>{note ? t('fix', { version, note }) : version}</li>
            ))}
          </ul>
        </div>
      ) : (
        <Text>{t('noSecurityFixes')}</Text>
      )}
      <Text>{download(downloadSize)}</Text>
      {changes ? (
        <Known changes={changes} />
      ) : (
        <Text className={styles.quiet}>{t('packagesLater')}</Text>
      )}
    </Block>
  )
}

export function WhatHappens({ preview, runtime }: { preview: UpdatePreview; runtime: Runtime }) {
  const { t } = useTranslation('update')
  const { running, keepsPreviousDays, volumes } = preview
  const { name } = runtime
  return (
    <Block heading={t('whatHappens')}>
      <Sentences
        sentences={[
          running ? t('proved', { name }) : t('stopped', { name }),
          running ? t('withoutService', { name }) : null,
          t('nothingLost'),
          t('kept', { count: keepsPreviousDays }),
          volumes.length > 0 ? t('volumes', { volumes: volumes.join(', ') }) : null,
        ]}
      />
    </Block>
  )
}
