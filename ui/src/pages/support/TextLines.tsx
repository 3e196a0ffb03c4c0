import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useMemo, useRef } from 'react'
import { useLineStyles } from '../../components/log/lineStyles'
import { sizes } from '../../theme'

const useStyles = makeStyles({
  // Some lines stay in view however low the window is.
  scroller: { minHeight: '160px' },
  line: {
    position: 'absolute',
    top: 0,
    left: 0,
    minWidth: '100%',
    boxSizing: 'border-box',
    height: `${sizes.logRow}px`,
    paddingInline: tokens.spacingHorizontalM,
    whiteSpace: 'pre',
  },
})

/** A long plain text of which only the lines in view are drawn; it scrolls with the keys. */
export function TextLines({ text, label }: { text: string; label: string }) {
  const styles = useStyles()
  const ground = useLineStyles()
  const scroller = useRef<HTMLDivElement>(null)
  const lines = useMemo(() => text.split('\n'), [text])
  const widest = useMemo(
    () => lines.reduce((most, line) => Math.max(most, line.length), 0),
    [lines],
  )
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => sizes.logRow,
    overscan: 20,
  })
  return (
    <section
      ref={scroller}
      className={mergeClasses(ground.scroller, styles.scroller)}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached with the keys
      tabIndex={0}
    >
      <div
        className={ground.lines}
        style={{ height: virtual.getTotalSize(), width: `calc(${widest}ch + 24px)` }}
      >
        {virtual.getVirtualItems().map(({ index, start }) => (
          <div key={index} className={styles.line} style={{ transform: `translateY(${start}px)` }}>
            {lines[index] || ' '}
          </div>
        ))}
      </div>
    </section>
  )
}
