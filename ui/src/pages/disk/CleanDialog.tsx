import { makeStyles, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { CacheDisk, CleanedDisk, DiskImage } from '../../backend/types'
import { Block, Sentences } from '../../components/decision/Block'
import { ConfirmDialog } from '../../components/decision/ConfirmDialog'
import { shortDigest } from '../../format'
import { useAction } from '../../state'
import { useImageWords, usePreview } from './words'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalM,
    overflowWrap: 'anywhere',
  },
})

/** Says what goes and what that means, then removes it. */
export function CleanDialog({
  compute,
  name,
  images,
  cache,
  onCleaned,
  onClose,
}: {
  compute: string
  /** The compute's. */
  name: string
  images: DiskImage[]
  /** The build cache; `null` = it stays as it is. */
  cache: CacheDisk | null
  onCleaned: (cleaned: CleanedDisk) => void
  onClose: () => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('disk')
  const words = useImageWords()
  const preview = usePreview(images, cache)
  const clean = useAction('clean_disk')
  const useful = new Set(images.flatMap(({ need }) => (need.kind === 'useful' ? need.of : [])))
  return (
    <ConfirmDialog
      title={t('confirm.title', { name })}
      confirm={
        cache === null
          ? t('confirm.action', { count: images.length })
          : images.length === 0
            ? t('confirm.actionCache')
            : t('confirm.actionBoth', { count: images.length })
      }
      pending={clean.isPending}
      problem={clean.error?.problem ?? null}
      onConfirm={() => {
        if (clean.isPending) return
        clean.mutate(
          { compute, images: images.map(({ id }) => id), buildCache: cache !== null },
          { onSuccess: onCleaned },
        )
      }}
      onClose={onClose}
    >
      <div className={styles.root}>
        <Text>{preview}</Text>
        <Block heading={t('confirm.goes')}>
          <Sentences
            sentences={[
              ...images.map((image) =>
                image.names.length > 0
                  ? image.names.join(', ')
                  : `${words(image).name} ${shortDigest(image.id)}`,
              ),
              cache === null ? null : t('confirm.cache'),
            ]}
          />
        </Block>
        {useful.size > 0 ? (
          <Text>{t('confirm.remakes', { names: [...useful].join(', ') })}</Text>
        ) : null}
        {cache === null ? null : <Text>{t('confirm.slower')}</Text>}
        <Text>{t('confirm.stays')}</Text>
      </div>
    </ConfirmDialog>
  )
}
