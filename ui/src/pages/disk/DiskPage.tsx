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
import { CleanDialog } from './CleanDialog'
import { ImageTable } from './ImageTable'
import { sizeOf } from './words'

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

/** What a clean-up did, and what stayed. */
function Cleaned({ cleaned }: { cleaned: CleanedDisk }) {
  const styles = useStyles()
  const { t } = useTranslation('disk')
  const { removed, freed, kept } = cleaned
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
            ? t('done.removed', { count: removed, size: formatBytes(freed) })
            : t('done.nothing')}
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

function Images({
  disk,
  compute,
  name,
  onCleaned,
}: {
  disk: DiskView
  compute: string
  name: string
  onCleaned: (cleaned: CleanedDisk) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('disk')
  const [changed, setChanged] = useState<ReadonlyMap<string, boolean>>(new Map())
  const [asking, setAsking] = useState(false)
  const [held, setHeld] = useState(false)
  const isChosen = (image: DiskImage) => image.mayGo && (changed.get(image.id) ?? image.proposed)
  const chosen = disk.images.filter(isChosen)
  if (disk.images.length === 0) {
    return (
      <EmptyState icon={<StorageRegular />} title={t('empty')}>
        {t('emptyBody')}
      </EmptyState>
    )
  }
  const mayGo = disk.images.some((image) => image.mayGo)
  return (
    <>
      <ImageTable
        images={disk.images}
        isChosen={isChosen}
        onChoose={(image, is) => {
          setHeld(false)
          setChanged(new Map(changed).set(image, is))
        }}
      />
      <div className={styles.footer}>
        {mayGo ? (
          <Button
            appearance="primary"
            onClick={() => {
              if (chosen.length > 0) setAsking(true)
              else setHeld(true)
            }}
          >
            {t('cleanUp')}
          </Button>
        ) : null}
        <Text role="status" {...(held ? { weight: 'semibold' as const } : {})}>
          {!mayGo
            ? t('nothingMayGo')
            : chosen.length === 0
              ? t('nothingChosen')
              : t('preview', { count: chosen.length, size: formatBytes(sizeOf(chosen)) })}
        </Text>
      </div>
      {asking ? (
        <CleanDialog
          compute={compute}
          name={name}
          images={chosen}
          onCleaned={(cleaned) => {
            setAsking(false)
            setChanged(new Map())
            onCleaned(cleaned)
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
  const [cleaned, setCleaned] = useState<CleanedDisk | null>(null)
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
        {cleaned ? <Cleaned cleaned={cleaned} /> : null}
        {disk.error ? (
          <ProblemBar problem={disk.error.problem} onRetry={() => disk.refetch()} />
        ) : null}
        {disk.isPending ? <SkeletonLines lines={8} height={28} /> : null}
        {disk.data ? (
          <>
            <Totals disk={disk.data} />
            <Images
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
