import {
  Button,
  MessageBar,
  MessageBarBody,
  makeStyles,
  Text,
  tokens,
} from '@fluentui/react-components'
import { ArrowSyncRegular, StorageRegular } from '@fluentui/react-icons'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router'
import { paths } from '../../app/paths'
import type { CleanedDisk, DiskImage, DiskView } from '../../backend/types'
import { Block, Sentences } from '../../components/decision/Block'
import { EmptyState } from '../../components/EmptyState'
import { Facts } from '../../components/Facts'
import { SkeletonLines } from '../../components/Late'
import { Page } from '../../components/Page'
import { ProblemBar } from '../../components/ProblemBar'
import { formatBytes } from '../../format'
import { useAsk, useComputes } from '../../state'
import { sizes } from '../../theme'
import { BuildCache } from './BuildCache'
import { CleanDialog } from './CleanDialog'
import { ImageTable } from './ImageTable'
import { sizeOf, usePreview } from './words'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalL,
    maxWidth: sizes.readingWidth,
    minWidth: 0,
  },
  purpose: { color: tokens.colorNeutralForeground2 },
  footer: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalM,
  },
  bar: { paddingBlock: tokens.spacingVerticalS },
})

function Totals({ disk }: { disk: DiskView }) {
  const { t } = useTranslation('disk')
  return (
    <Facts
      facts={[
        { label: t('free'), value: disk.free === null ? null : formatBytes(disk.free) },
        { label: t('ours'), value: t('oursAbout', { size: formatBytes(sizeOf(disk.images)) }) },
        { label: t('all'), value: formatBytes(disk.allLayers) },
      ]}
    />
  )
}

/** What was asked for, and what came of it. */
interface CleanUp {
  cleaned: CleanedDisk
  cache: boolean
}

/** What a clean-up did, and what stayed. */
function Cleaned({ cleaned: { removed, freed, kept }, cache }: CleanUp) {
  const styles = useStyles()
  const { t } = useTranslation('disk')
  const size = formatBytes(freed)
  // When something stayed, that may be the cache: the sentences about it say so.
  const cleanedCache = cache && (kept.length === 0 || (removed === 0 && freed > 0))
  return (
    <MessageBar
      intent={kept.length > 0 ? 'warning' : 'success'}
      layout="multiline"
      role="group"
      className={styles.bar}
    >
      <MessageBarBody>
        <div role="status">
          {removed > 0
            ? t(cleanedCache ? 'done.both' : 'done.removed', { count: removed, size })
            : cleanedCache
              ? t('done.cache', { size })
              : t(cache ? 'done.nothingAtAll' : 'done.nothing')}
        </div>
        {kept.length > 0 ? (
          <Block heading={t('done.kept')}>
            <Sentences sentences={kept} />
          </Block>
        ) : null}
      </MessageBarBody>
    </MessageBar>
  )
}

/** What there is, what of it is chosen, and the way to remove that. */
function Contents({
  disk,
  compute,
  name,
  onCleaned,
}: {
  disk: DiskView
  compute: string
  name: string
  onCleaned: (done: CleanUp) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('disk')
  const [changed, setChanged] = useState<ReadonlyMap<string, boolean>>(new Map())
  const [withCache, setWithCache] = useState(false)
  const [asking, setAsking] = useState(false)
  const [held, setHeld] = useState(false)
  const { images, buildCache } = disk
  const isChosen = (image: DiskImage) => image.mayGo && (changed.get(image.id) ?? image.proposed)
  const chosen = images.filter(isChosen)
  const cacheMayGo = buildCache !== null && buildCache.unused > 0
  const cache = cacheMayGo && withCache ? buildCache : null
  const imagesMayGo = images.some((image) => image.mayGo)
  const isNothing = chosen.length === 0 && cache === null
  const preview = usePreview(chosen, cache)
  const said = !isNothing
    ? preview
    : imagesMayGo || (cacheMayGo && images.length === 0)
      ? t('nothingChosen')
      : cacheMayGo
        ? t('onlyCacheMayGo')
        : images.length > 0
          ? t('nothingMayGo')
          : null
  return (
    <>
      {images.length === 0 ? (
        <EmptyState icon={<StorageRegular />} title={t('empty')}>
          {t('emptyBody')}
        </EmptyState>
      ) : (
        <ImageTable
          images={images}
          isChosen={isChosen}
          onChoose={(image, is) => {
            setHeld(false)
            setChanged(new Map(changed).set(image, is))
          }}
        />
      )}
      {buildCache ? (
        <BuildCache
          cache={buildCache}
          chosen={cache !== null}
          alone={!imagesMayGo}
          onChoose={(is) => {
            setHeld(false)
            setWithCache(is)
          }}
        />
      ) : null}
      <div className={styles.footer}>
        {imagesMayGo || cacheMayGo ? (
          <Button
            appearance="primary"
            onClick={() => {
              if (isNothing) setHeld(true)
              else setAsking(true)
            }}
          >
            {t('cleanUp')}
          </Button>
        ) : null}
        {said === null ? null : (
          <Text role="status" {...(held ? { weight: 'semibold' as const } : {})}>
            {said}
          </Text>
        )}
      </div>
      {asking ? (
        <CleanDialog
          compute={compute}
          name={name}
          images={chosen}
          cache={cache}
          onCleaned={(cleaned) => {
            setAsking(false)
            setChanged(new Map())
            setWithCache(false)
            onCleaned({ cleaned, cache: cache !== null })
          }}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </>
  )
}

/** What images of this application take on a compute, and removing those that nothing needs. */
export default function DiskPage() {
  const styles = useStyles()
  const { t } = useTranslation('disk')
  const client = useQueryClient()
  const { compute: id = '' } = useParams()
  const name = useComputes().find((one) => one.id === id)?.name ?? id
  const disk = useAsk('disk', { compute: id }, { staleTime: 0 })
  const [cleaned, setCleaned] = useState<CleanUp | null>(null)
  return (
    <Page
      heading={t('heading', { name })}
      back={{ label: t('back'), to: paths.computes }}
      actions={
        <Button
          icon={<ArrowSyncRegular />}
          disabledFocusable={disk.isFetching}
          onClick={() => disk.refetch()}
        >
          {t('refresh')}
        </Button>
      }
    >
      <div className={styles.root}>
        <Text className={styles.purpose}>{t('purpose')}</Text>
        {cleaned ? <Cleaned {...cleaned} /> : null}
        {disk.error ? (
          <ProblemBar problem={disk.error.problem} onRetry={() => disk.refetch()} />
        ) : null}
        {disk.isPending ? <SkeletonLines lines={8} height={28} /> : null}
        {disk.data ? (
          <>
            <Totals disk={disk.data} />
            <Contents
              disk={disk.data}
              compute={id}
              name={name}
              onCleaned={(done) => {
                setCleaned(done)
                client.invalidateQueries({ queryKey: ['disk', { compute: id }] })
              }}
            />
          </>
        ) : null}
      </div>
    </Page>
  )
}
