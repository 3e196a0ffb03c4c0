import { Button, makeStyles, Text, tokens } from '@fluentui/react-components'
import { useMemo, useState } from 'react'
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

/** A value of a run: JSON as a tree, a text as it is; of a big one its beginning and a way to see all. */
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
  const styles = useStyles()
  const { t } = useTranslation('flowRun')
  const [wanted, setWanted] = useState(false)
  const whole = useAsk('flow_run_part', { run, part }, { enabled: wanted })
  const shown = whole.data ?? value
  const tree = useMemo(() => {
    if (!shown.json || shown.cut || shown.bytes > TREE_UP_TO) return null
    const meaning = parsed(shown.text)
    return typeof meaning === 'object' && meaning !== null ? meaning : null
  }, [shown])
  const isEmpty = tree !== null && Object.keys(tree).length === 0
  return (
    <div className={styles.root}>
      <div className={styles.tools}>
        <Text size={200} className={styles.quiet}>
          {shown.cut
            ? t('value.cut', { size: formatBytes(shown.bytes) })
            : formatBytes(shown.bytes)}
        </Text>
        {shown.cut ? (
          <Button size="small" disabledFocusable={whole.isFetching} onClick={() => setWanted(true)}>
            {t('value.showAll')}
          </Button>
        ) : null}
        <CopyButton text={shown.text} name={name} />
      </div>
      {whole.error ? (
        <ProblemBar problem={whole.error.problem} onRetry={() => whole.refetch()} />
      ) : null}
      {tree !== null && !isEmpty ? (
        <JsonTree key={whole.data ? 'whole' : 'first'} value={tree} label={name} />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard has to reach what scrolls
        <div className={styles.text} tabIndex={0}>
          <Pre>{shown.text}</Pre>
        </div>
      )}
    </div>
  )
}
