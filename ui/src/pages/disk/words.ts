import { useTranslation } from 'react-i18next'
import type { CacheDisk, DiskImage } from '../../backend/types'
import { formatBytes } from '../../format'

export interface ImageWords {
  /** Its first name, or that builds left it. */
  name: string
  role: string
  need: string
}

/** What an image is called, what it is, and what needs it. */
export function useImageWords(): (image: DiskImage) => ImageWords {
  const { t } = useTranslation('disk')
  return ({ names, role, need }) => {
    const list = need.kind === 'nothing' ? [] : need.kind === 'inUse' ? need.by : need.of
    return {
      name: names[0] ?? t('leftByBuilds'),
      role:
        role.kind !== 'version'
          ? t(`role.${role.kind}`)
          : role.name === null
            ? t('role.versionElsewhere', { number: role.number })
            : t('role.version', { number: role.number, name: role.name }),
      need: t(`need.${need.kind}`, { names: list.join(', ') }),
    }
  }
}

/** Bytes of images together, as far as can be told: what they share with each other is not counted. */
export function sizeOf(images: readonly DiskImage[]): number {
  return images.reduce((sum, { size }) => sum + size, 0)
}

/** What a clean-up would take, and about how much comes free. */
export function usePreview(images: readonly DiskImage[], cache: CacheDisk | null): string {
  const { t } = useTranslation('disk')
  const count = images.length
  const size = formatBytes(sizeOf(images) + (cache?.unused ?? 0))
  if (cache === null) return t('preview', { count, size })
  return count === 0 ? t('previewCache', { size }) : t('previewBoth', { count, size })
}
