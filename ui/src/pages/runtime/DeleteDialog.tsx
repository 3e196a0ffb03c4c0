import {
  Button,
  Checkbox,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  makeStyles,
  Text,
  tokens,
} from '@fluentui/react-components'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { DeletePreview, Runtime } from '../../backend/types'
import { SkeletonLines } from '../../components/Late'
import { ProblemBar } from '../../components/ProblemBar'
import { formatBytes } from '../../format'
import { useAction, useAsk } from '../../state'

const useStyles = makeStyles({
  content: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalM },
  group: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalXS },
  choices: { display: 'flex', flexDirection: 'column' },
  list: { margin: 0, paddingInlineStart: tokens.spacingHorizontalXL, overflowWrap: 'anywhere' },
})

function List({ title, lines }: { title: string; lines: string[] }) {
  const styles = useStyles()
  if (lines.length === 0) return null
  return (
    <div className={styles.group}>
      <Text weight="semibold">{title}</Text>
      <ul className={styles.list} aria-label={title}>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </div>
  )
}

function useConsequences(preview: DeletePreview, removeVolumes: boolean, removeImage: boolean) {
  const { t } = useTranslation('runtime')
  const volumes = preview.ownVolumes.map((name) => t('delete.volume', { name }))
  const image =
    preview.unusedImage === null
      ? t('delete.imageUsed')
      : t('delete.image', {
          name: preview.unusedImage,
          size: formatBytes(preview.unusedImageSize),
        })
  return {
    goes: [
      ...preview.containers.map((name) => t('delete.container', { name })),
      ...(removeVolumes ? volumes : []),
      ...(removeImage ? [image] : []),
    ],
    stays: [
      ...(removeVolumes ? [] : volumes),
      ...preview.sharedVolumes.map((name) => t('delete.sharedVolume', { name })),
      ...preview.bindMounts.map((name) => t('delete.folder', { name })),
      ...(removeImage ? [] : [image]),
    ],
  }
}

function Consequences({
  preview,
  removeVolumes,
  removeImage,
}: {
  preview: DeletePreview
  removeVolumes: boolean
  removeImage: boolean
}) {
  const { t } = useTranslation('runtime')
  const { goes, stays } = useConsequences(preview, removeVolumes, removeImage)
  return (
    <>
      <List title={t('delete.goes')} lines={goes} />
      <List title={t('delete.stays')} lines={stays} />
    </>
  )
}

/** Says what goes and what stays, then deletes. */
export function DeleteDialog({ runtime, onClose }: { runtime: Runtime; onClose: () => void }) {
  const styles = useStyles()
  const { t } = useTranslation('runtime')
  const preview = useAsk('preview_delete', { runtime: runtime.id }, { staleTime: 0 })
  const remove = useAction('delete_runtime')
  const [removeVolumes, setRemoveVolumes] = useState(false)
  const [removeImage, setRemoveImage] = useState(false)
  const own = preview.data?.ownVolumes ?? []
  return (
    <Dialog open onOpenChange={(_, { open }) => (open ? undefined : onClose())}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{t('delete.title', { name: runtime.name })}</DialogTitle>
          <DialogContent className={styles.content}>
            {preview.isPending ? <SkeletonLines lines={4} /> : null}
            {preview.error ? (
              <ProblemBar problem={preview.error.problem} onRetry={() => preview.refetch()} />
            ) : null}
            {preview.data ? (
              <>
                <Consequences
                  preview={preview.data}
                  removeVolumes={removeVolumes}
                  removeImage={removeImage}
                />
                <div className={styles.choices}>
                  {own.length > 0 ? (
                    <Checkbox
                      checked={removeVolumes}
                      label={t('delete.removeVolumes', {
                        count: own.length,
                        names: own.join(', '),
                      })}
                      onChange={(_, { checked }) => setRemoveVolumes(checked === true)}
                    />
                  ) : null}
                  {preview.data.unusedImage !== null ? (
                    <Checkbox
                      checked={removeImage}
                      label={t('delete.removeImage', {
                        size: formatBytes(preview.data.unusedImageSize),
                      })}
                      onChange={(_, { checked }) => setRemoveImage(checked === true)}
                    />
                  ) : null}
                </div>
                <Text>{t('delete.nothingBack')}</Text>
              </>
            ) : null}
            {remove.error ? <ProblemBar problem={remove.error.problem} /> : null}
          </DialogContent>
          <DialogActions fluid>
            <Button
              appearance="primary"
              disabledFocusable={!preview.data || remove.isPending}
              onClick={() =>
                remove.mutate(
                  { runtime: runtime.id, removeVolumes, removeImage },
                  { onSuccess: onClose },
                )
              }
            >
              {removeVolumes && own.length > 0
                ? t('delete.confirmVolumes', { count: own.length })
                : t('delete.confirm')}
            </Button>
            <Button onClick={onClose}>{t('delete.cancel')}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  )
}
