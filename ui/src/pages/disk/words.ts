import { useTranslation } from 'react-i18next'
import type { DiskImage } from '../../backend/types'

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
