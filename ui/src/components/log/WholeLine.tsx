import {
  Button,
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
import { useCallback, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call, problemOf } from '../../backend'
import type { LogLinePart, Problem } from '../../backend/types'
import { formatBytes } from '../../format'
import { CopyButton } from '../CopyButton'
import { SkeletonLines } from '../Late'
import { Pre } from '../Pre'
import { ProblemBar } from '../ProblemBar'

const useStyles = makeStyles({
  surface: { maxWidth: 'min(1000px, 94vw)' },
  content: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalS },
  text: { maxHeight: '60vh', overflow: 'auto' },
  state: { display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalS },
})

/** All of a line that is too long for a row, part by part. */
export function WholeLine({
  stream,
  number,
  onClose,
}: {
  stream: number
  number: number
  onClose: () => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('log')
  const [parts, setParts] = useState<LogLinePart[]>([])
  const [problem, setProblem] = useState<Problem | null>(null)
  const last = parts.at(-1)
  const read = useCallback(
    (from: number) => {
      setProblem(null)
      return call('read_log_line', { stream, number, from }).then(
        (part) => setParts((before) => (from === 0 ? [part] : [...before, part])),
        (error) => setProblem(problemOf(error)),
      )
    },
    [stream, number],
  )
  useEffect(() => void read(0), [read])
  const text = parts.map((part) => part.text).join('')
  const next = last ? last.next : 0
  return (
    <Dialog open onOpenChange={(_, { open }) => open || onClose()}>
      <DialogSurface className={styles.surface}>
        <DialogBody>
          <DialogTitle>{t('cut.heading')}</DialogTitle>
          <DialogContent className={styles.content}>
            {problem ? (
              <ProblemBar problem={problem} onRetry={() => read(next ?? 0)} />
            ) : last ? null : (
              <SkeletonLines lines={4} />
            )}
            {last ? (
              <>
                {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard has to reach what scrolls */}
                <section className={styles.text} tabIndex={0} aria-label={t('cut.heading')}>
                  <Pre>{text}</Pre>
                </section>
                <div className={styles.state}>
                  <Text size={200}>
                    {last.next === null
                      ? formatBytes(last.bytes)
                      : t('cut.part', {
                          shown: formatBytes(last.next),
                          size: formatBytes(last.bytes),
                        })}
                  </Text>
                  {last.next === null ? null : (
                    <Button size="small" onClick={() => read(last.next ?? 0)}>
                      {t('cut.more')}
                    </Button>
                  )}
                  <CopyButton text={text} name={t('cut.heading')} />
                </div>
              </>
            ) : null}
          </DialogContent>
          <DialogActions fluid>
            <Button onClick={onClose}>{t('cut.close')}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  )
}
