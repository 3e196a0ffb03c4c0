import { makeStyles, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { CleanedDisk, DiskImage } from '../../backend/types'
import { Block, Sentences } from '../../components/decision/Block'
import { formatBytes, shortDigest } from '../../format'
import { useAction } from '../../state'
import { ConfirmDialog } from '../runtime/ConfirmDialog'
import { sizeOf, useImageWords } from './words'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalM,
    overflowWrap: 'anywhere',
  },
})

/** Says which images go and what that means, then removes them. */
export function CleanDialog({
  compute,
  name,
  images,
  onCleaned,
  onClose,
}: {
  compute: string
  /** The compute's. */
  name: string
  images: DiskImage[]
  onCleaned: (cleaned: CleanedDisk) => void
  onClose: () => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('disk')
  const words = useImageWords()
  const clean = useAction('clean_disk')
  const useful = new Set(images.flatMap(({ need }) => (need.kind === 'useful' ? need.of : [])))
  return (
    <ConfirmDialog
      title={t('confirm.title', { name })}
      confirm={t('confirm.action', { count: images.length })}
      pending={clean.isPending}
      problem={clean.error?.problem ?? null}
      onConfirm={() => {
        if (clean.isPending) return
        clean.mutate({ compute, images: images.map(({ id }) => id) }, { onSuccess: onCleaned })
      }}
      onClose={onClose}
    >
      <div className={styles.root}>
        <Text>{t('preview', { count: images.length, size: formatBytes(sizeOf(images)) })}</Text>
        <Block heading={t('confirm.goes')}>
          <Sentences
            sentences={images.map((image) =>
              image.names.length > 0
                ? image.names.join(', ')
                : `${words(image).name} ${shortDigest(image.id)}`,
            )}
          />
        </Block>
        {useful.size > 0 ? (
          <Text>{t('confirm.remakes', { names: [...useful].join(', ') })}</Text>
        ) : null}
        <Text>{t('confirm.stays')}</Text>
      </div>
    </ConfirmDialog>
  )
}
