import {
  makeStyles,
  Tree,
  TreeItem,
  TreeItemLayout,
  type TreeOpenChangeData,
  tokens,
} from '@fluentui/react-components'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { JsonValue } from '../../backend/generated/serde_json/JsonValue'

/** Entries of one list or object that are shown at once. */
const AT_ONCE = 100
/** Values with fewer entries than this begin open. */
const OPEN_UP_TO = 12

const useStyles = makeStyles({
  root: { userSelect: 'text', fontSize: tokens.fontSizeBase200, overflowX: 'auto' },
  layout: { minHeight: '24px', fontSize: tokens.fontSizeBase200, alignItems: 'flex-start' },
  name: { fontFamily: tokens.fontFamilyMonospace, color: tokens.colorNeutralForeground2 },
  value: {
    fontFamily: tokens.fontFamilyMonospace,
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
    color: tokens.colorNeutralForeground1,
  },
  size: { color: tokens.colorNeutralForeground3 },
})

type Container = JsonValue[] | { [key in string]: JsonValue }

function isContainer(value: JsonValue): value is Container {
  return typeof value === 'object' && value !== null
}

const entriesOf = (value: Container): Array<[string, JsonValue]> =>
  Array.isArray(value) ? value.map((one, index) => [String(index), one]) : Object.entries(value)

/** The paths of what begins open: the whole, and what is small right under it. */
function openAtFirst(value: JsonValue, path: string, depth: number): string[] {
  if (!isContainer(value) || depth > 1) return []
  const entries = entriesOf(value)
  if (depth > 0 && entries.length > OPEN_UP_TO) return []
  return [
    path,
    ...entries
      .slice(0, OPEN_UP_TO)
      .flatMap(([name, one]) => openAtFirst(one, `${path}/${name}`, depth + 1)),
  ]
}

function Entries({
  value,
  path,
  open,
}: {
  value: Container
  path: string
  open: ReadonlySet<string>
}) {
  const styles = useStyles()
  const { t } = useTranslation('flowRun')
  const [shown, setShown] = useState(AT_ONCE)
  const entries = entriesOf(value)
  const more = entries.length - shown
  return (
    <>
      {entries.slice(0, shown).map(([name, one]) => (
        <Entry key={name} name={name} value={one} path={`${path}/${name}`} open={open} />
      ))}
      {more > 0 ? (
        <TreeItem
          itemType="leaf"
          value={`${path} more`}
          onClick={() => setShown(shown + AT_ONCE)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') setShown(shown + AT_ONCE)
          }}
        >
          <TreeItemLayout className={styles.layout}>
            {t('value.more', { count: more })}
          </TreeItemLayout>
        </TreeItem>
      ) : null}
    </>
  )
}

function Entry({
  name,
  value,
  path,
  open,
}: {
  name: string
  value: JsonValue
  path: string
  open: ReadonlySet<string>
}) {
  const styles = useStyles()
  const { t } = useTranslation('flowRun')
  if (!isContainer(value) || entriesOf(value).length === 0) {
    return (
      <TreeItem itemType="leaf" value={path}>
        <TreeItemLayout className={styles.layout}>
          <span className={styles.name}>{name}: </span>
          <span className={styles.value}>
            {typeof value === 'string' ? value : JSON.stringify(value)}
          </span>
        </TreeItemLayout>
      </TreeItem>
    )
  }
  const count = entriesOf(value).length
  return (
    <TreeItem itemType="branch" value={path}>
      <TreeItemLayout className={styles.layout}>
        <span className={styles.name}>{name}</span>{' '}
        <span className={styles.size}>
          {t(Array.isArray(value) ? 'value.items' : 'value.fields', { count })}
        </span>
      </TreeItemLayout>
      <Tree>{open.has(path) ? <Entries value={value} path={path} open={open} /> : null}</Tree>
    </TreeItem>
  )
}

/** A list or an object as a tree that folds; only what is open is drawn. */
export function JsonTree({ value, label }: { value: Container; label: string }) {
  const styles = useStyles()
  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set(openAtFirst(value, '', 0)))
  return (
    <Tree
      size="small"
      aria-label={label}
      className={styles.root}
      openItems={open}
      onOpenChange={(_: unknown, data: TreeOpenChangeData) =>
        setOpen(new Set([...data.openItems].map(String)))
      }
    >
      <Entries value={value} path="" open={open} />
    </Tree>
  )
}
