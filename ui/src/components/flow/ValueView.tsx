import { Button, makeStyles, Text, tokens } from '@fluentui/react-components'
import { type ReactNode, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { JsonValue } from '../../backend/generated/serde_json/JsonValue'
import type { RunPart, ShownValue } from '../../backend/types'
import { formatBytes } from '../../format'
import { useAsk } from '../../state'
import { CopyButton } from '../CopyButton'
import { Pre } from '../Pre'
import { ProblemBar } from '../ProblemBar'
import { JsonTree } from './JsonTree'

/** Bytes up to which a value is made a tree; a longer one is a text. */
const TREE_UP_TO = 2 * 1024 * 1024

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalXS,
    minWidth: 0,
  },
  tools: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalS,
  },
  quiet: { color: tokens.colorNeutralForeground3 },
  text: { maxHeight: '360px', overflow: 'auto' },
})

/** What a JSON text means; `undefined` = it is none, e.g. because it was cut. */
export function parsed(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}

/** A value: JSON as a tree, a text as it is, with its size and a way to copy it. */
export function WholeValue({
  value,
  name,
  tools,
  children,
}: {
  value: ShownValue
  /** What it is, for the names of its tools. */
  name: string
  /** Further buttons. */
  tools?: ReactNode
  /** What stands between the tools and the value. */
  children?: ReactNode
}) {
  const styles = useStyles()
  const { t } = useTranslation('flowRun')
  const tree = useMemo(() => {
    if (!value.json || value.cut || value.bytes > TREE_UP_TO) return null
    const meaning = parsed(value.text)
    return typeof meaning === 'object' && meaning !== null ? meaning : null
  }, [value])
  const isEmpty = tree !== null && Object.keys(tree).length === 0
  return (
    <div className={styles.root}>
      <div className={styles.tools}>
        <Text size={200} className={styles.quiet}>
          {value.cut
            ? t('value.cut', { size: formatBytes(value.bytes) })
            : formatBytes(value.bytes)}
        </Text>
        {tools}
        <CopyButton text={value.text} name={name} />
      </div>
      {children}
      {tree !== null && !isEmpty ? (
        <JsonTree value={tree} label={name} />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard has to reach what scrolls
        <div className={styles.text} tabIndex={0}>
          <Pre>{value.text}</Pre>
        </div>
      )}
    </div>
  )
}

/** A value of a run; of a big one its beginning and a way to see all. */
export function ValueView({
  value,
  run,
  part,
  name,
}: {
  value: ShownValue
  run: string
  part: RunPart
  /** What it is, for the names of its tools. */
  name: string
}) {
  const { t } = useTranslation('flowRun')
  const [wanted, setWanted] = useState(false)
  const whole = useAsk('flow_run_part', { run, part }, { enabled: wanted })
  const shown = whole.data ?? value
  return (
    <WholeValue
      key={whole.data ? 'whole' : 'first'}
      value={shown}
      name={name}
      tools={
        shown.cut ? (
          <Button size="small" disabledFocusable={whole.isFetching} onClick={() => setWanted(true)}>
            {t('value.showAll')}
          </Button>
        ) : null
      }
    >
      {whole.error ? (
        <ProblemBar problem={whole.error.problem} onRetry={() => whole.refetch()} />
      ) : null}
    </WholeValue>
  )
}
