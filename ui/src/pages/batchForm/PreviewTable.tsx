import {
  makeStyles,
  mergeClasses,
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  Text,
  tokens,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { RowPreview } from '../../backend/types'
import { inOneLine } from '../../components/batch/words'
import { Sideways } from '../../components/grid/Sideways'
import { formatCount } from '../../format'
import { toneColor } from '../../theme'

const useStyles = makeStyles({
  heading: { fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
  row: { width: '72px' },
  cut: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  quiet: { color: tokens.colorNeutralForeground3 },
  bad: { color: toneColor.bad },
})

const shown = (value: unknown): string =>
  value === undefined ? '' : inOneLine(typeof value === 'string' ? value : JSON.stringify(value))

/** The first rows: what the flow would get, or what is wrong with them. */
export function PreviewTable({
  inputs,
  rows,
}: {
  inputs: readonly string[]
  rows: readonly RowPreview[]
}) {
  const styles = useStyles()
  const { t } = useTranslation('batchForm')
  return (
    <Sideways label={t('preview.table')}>
      <Table
        size="small"
        aria-label={t('preview.table')}
        style={{ minWidth: 72 + inputs.length * 140 }}
      >
        <TableHeader>
          <TableRow>
            <TableHeaderCell scope="col" className={styles.row}>
              <span className={styles.heading}>{t('preview.row')}</span>
            </TableHeaderCell>
            {inputs.map((name) => (
              <TableHeaderCell key={name} scope="col">
                <span className={mergeClasses(styles.heading, styles.cut)}>{name}</span>
              </TableHeaderCell>
            ))}
          </TableRow>
        </TableHeader>
        <TableBody>
          {rows.map(({ row, line, inputs: values, problems }) => (
            <TableRow key={row}>
              <TableCell role="rowheader" title={t('preview.line', { line })}>
                {formatCount(row + 1)}
              </TableCell>
              {problems.length > 0 ? (
                <TableCell colSpan={Math.max(1, inputs.length)}>
                  {problems.map(({ sentence }) => (
                    <Text key={sentence} block className={styles.bad}>
                      {sentence}
                    </Text>
                  ))}
                </TableCell>
              ) : (
                inputs.map((name) => (
                  <TableCell key={name} className={styles.cut} title={shown(values[name])}>
                    {name in values ? shown(values[name]) : <span className={styles.quiet}>–</span>}
                  </TableCell>
                ))
              )}
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </Sideways>
  )
}
