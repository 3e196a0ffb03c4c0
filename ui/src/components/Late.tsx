import { Skeleton, SkeletonItem } from '@fluentui/react-components'
import { type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'

/** Shows its content only after 150 ms, so that quick answers do not flicker. */
export function Late({ children }: { children: ReactNode }) {
  const [due, setDue] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setDue(true), 150)
    return () => clearTimeout(timer)
  }, [])
  return due ? children : null
}

/** A late skeleton that says that something loads. Its content is made of `SkeletonItem`s. */
export function LateSkeleton({ children }: { children: ReactNode }) {
  const { t } = useTranslation()
  return (
    <Late>
      <Skeleton aria-label={t('loading')}>{children}</Skeleton>
    </Late>
  )
}

/** Lines of the height of text or of a grid's row. */
export function SkeletonLines({
  lines,
  height = 16,
}: {
  lines: number
  height?: 12 | 16 | 28 | 36
}) {
  return (
    <LateSkeleton>
      {Array.from({ length: lines }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines have nothing else and never move
        <SkeletonItem key={index} size={height} style={{ marginBottom: 8 }} />
      ))}
    </LateSkeleton>
  )
}
