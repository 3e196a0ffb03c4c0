import { Field, makeStyles, Text, tokens } from '@fluentui/react-components'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { onDropped } from '../../backend'
import type { DataView as FileView } from '../../backend/types'
import { PathInput } from '../../components/PathInput'
import { formatBytes, formatCount } from '../../format'
import { useAsk } from '../../state'
import { fieldId } from './form'

const useStyles = makeStyles({
  facts: { color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
})

/** What is known of the file; its rows are counted by themselves, since that takes long for a big one. */
function FileFacts({ data }: { data: FileView }) {
  const styles = useStyles()
  const { t } = useTranslation(['batchForm', 'batch'])
  const { file, format, bytes, columns, rows } = data
  const counted = useAsk('count_rows', { file }, { enabled: rows === null })
  const count = rows ?? counted.data?.rows
  const words = [
    t(`batch:format.${format}`),
    formatBytes(bytes),
    count !== undefined
      ? t('batch:results.count', { count, shown: formatCount(count) })
      : counted.error
        ? t('notCounted')
        : t('counting'),
    t('columns', { count: columns.length, names: columns.join(', ') }),
  ]
  return (
    <Text size={200} role="status" className={styles.facts}>
      {words.join(' · ')}
    </Text>
  )
}

/** The file whose rows run: typed, pasted or dropped on the window. */
export function FileField({
  file,
  data,
  ofOther,
  problem,
  onChange,
}: {
  file: string
  data: FileView | null
  /** Empty stands for the file of another batch run. */
  ofOther: boolean
  problem: string | undefined
  onChange: (file: string) => void
}) {
  const { t } = useTranslation('batchForm')
  const latest = useRef(onChange)
  latest.current = onChange
  useEffect(() => onDropped(([first = '']) => latest.current(first)), [])
  return (
    <div>
      <Field
        label={t('file')}
        hint={t(ofOther ? 'fileHintOther' : 'fileHint')}
        {...(problem ? { validationMessage: problem } : {})}
      >
        <PathInput
          id={fieldId('file')}
          value={file}
          choice={{
            kind: 'file',
            title: t('file'),
            name: t('fileKind'),
            endings: ['jsonl', 'ndjson', 'csv', 'tsv'],
          }}
          onChange={onChange}
        />
      </Field>
      {data ? <FileFacts key={data.file} data={data} /> : null}
    </div>
  )
}
