import { makeStyles, mergeClasses, Text, tokens } from '@fluentui/react-components'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { LongValue } from '../../components/Facts'
import { SkeletonLines } from '../../components/Late'
import { useLineStyles } from '../../components/log/lineStyles'
import { ProblemBar } from '../../components/ProblemBar'
import { useAsk } from '../../state'
import { sizes } from '../../theme'
import { useFlowPage } from './page'

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalXS, minWidth: 0 },
  scroller: {
    maxHeight: '360px',
    position: 'relative',
  },
  code: { margin: 0, fontFamily: 'inherit', width: 'max-content', minWidth: '100%' },
  line: { display: 'flex', minHeight: `${sizes.logRow}px`, paddingInlineEnd: '8px' },
  marked: {
    backgroundColor: tokens.colorStatusWarningBackground2,
    color: tokens.colorNeutralForeground1,
  },
  number: {
    flexShrink: 0,
    width: '40px',
    paddingInlineEnd: '8px',
    textAlign: 'end',
    userSelect: 'none',
    color: tokens.colorNeutralForeground3,
  },
  numberMarked: { color: 'inherit' },
  quiet: { color: tokens.colorNeutralForeground3 },
})

/** A file of the flow's folder with the numbers of its lines; `line` is marked and in view. */
export function SourceView({ path, line }: { path: string; line: number | null }) {
  const styles = useStyles()
  const ground = useLineStyles()
  const { t } = useTranslation('flow')
  const { view } = useFlowPage()
  const { data, error, refetch } = useAsk('read_flow_file', { flow: view.flow, path })
  const scroller = useRef<HTMLElement>(null)
  useEffect(() => {
    const element = scroller.current
    if (!element || !data || line === null) return
    element.scrollTop = (line - 1) * sizes.logRow - element.clientHeight / 2
  }, [data, line])
  if (error) return <ProblemBar problem={error.problem} onRetry={() => refetch()} />
  if (!data) return <SkeletonLines lines={6} />
  return (
    <div className={styles.root}>
      <LongValue text={data.place} name={t('source.place')} length={44} />
      <section
        ref={scroller}
        className={mergeClasses(ground.scroller, styles.scroller)}
        aria-label={t('source.label', { file: path })}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard has to reach what scrolls
        tabIndex={0}
      >
        <pre className={styles.code}>
          {data.text.split('\n').map((text, index) => {
            const marked = index + 1 === line
            return (
              <div
                // biome-ignore lint/suspicious/noArrayIndexKey: a line is known by its number
                key={index}
                className={mergeClasses(styles.line, marked && styles.marked)}
                {...(marked ? { 'aria-current': 'true' } : {})}
              >
                <span
                  className={mergeClasses(styles.number, marked && styles.numberMarked)}
                  aria-hidden="true"
                >
                  {index + 1}
                </span>
                <code>{text}</code>
              </div>
            )
          })}
        </pre>
      </section>
      {data.cut ? (
        <Text size={200} className={styles.quiet}>
          {t('source.cut')}
        </Text>
      ) : null}
    </div>
  )
}
