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
import { paths } from '../../app/paths'
import type { ComparedBatch } from '../../backend/types'
import { BatchStateBadge } from '../../components/batch/states'
import { GoLink } from '../../components/GoLink'
import { Sideways } from '../../components/grid/Sideways'
import { type Figure, figureRows } from './figures'

const useStyles = makeStyles({
  figure: { width: '168px', color: tokens.colorNeutralForeground2 },
  head: { paddingBlock: tokens.spacingVerticalXS },
  name: { display: 'flex', flexDirection: 'column', minWidth: 0, overflowWrap: 'anywhere' },
  quiet: { color: tokens.colorNeutralForeground3 },
  number: { fontVariantNumeric: 'tabular-nums' },
  metric: { fontFamily: tokens.fontFamilyMonospace, overflowWrap: 'anywhere' },
})

/** Figures of batch runs beside each other, with the difference to the first. */
export function FigureTable({ all }: { all: readonly ComparedBatch[] }) {
  const styles = useStyles()
  const { t } = useTranslation(['batchCompare', 'common'])
  const { figures, metrics } = figureRows(all)
  const cell = (figure: Figure | null, index: number) => (
    <TableCell key={all[index]?.batch.id ?? index} className={styles.number}>
      {figure === null ? (
        t('common:noValue')
      ) : (
        <>
          {figure.shown}
          {figure.difference === null ? null : (
            <>
              {' '}
              <Text size={200} className={styles.quiet}>
                {figure.difference}
              </Text>
            </>
          )}
        </>
      )}
    </TableCell>
  )
  return (
    <Sideways framed>
      <Table
        size="small"
        aria-label={t('figures.table')}
        style={{ minWidth: 168 + all.length * 144 }}
      >
        <TableHeader>
          <TableRow>
            <TableHeaderCell scope="col" className={styles.figure}>
              {t('figures.figure')}
            </TableHeaderCell>
            {all.map(({ batch }, index) => (
              <TableHeaderCell key={batch.id} scope="col" className={styles.head}>
                <span className={styles.name}>
                  <GoLink inline to={paths.batch(batch.id)}>
                    {batch.name}
                  </GoLink>
                  <Text size={200} className={styles.quiet}>
                    {index === 0 ? `${batch.flowName} · ${t('figures.first')}` : batch.flowName}
                  </Text>
                </span>
              </TableHeaderCell>
            ))}
          </TableRow>
        </TableHeader>
        <TableBody>
          <TableRow>
            <TableCell role="rowheader" className={styles.figure}>
              {t('figures.state')}
            </TableCell>
            {all.map(({ batch }) => (
              <TableCell key={batch.id}>
                <BatchStateBadge state={batch.state} />
              </TableCell>
            ))}
          </TableRow>
          {figures.map(({ key, figures: values }) => (
            <TableRow key={key}>
              <TableCell role="rowheader" className={styles.figure}>
                {t(`figures.${key}`)}
              </TableCell>
              {values.map(cell)}
            </TableRow>
          ))}
          {metrics.map(({ key, figures: values }) => (
            <TableRow key={`metric ${key}`}>
              <TableCell role="rowheader" className={mergeClasses(styles.figure, styles.metric)}>
                {key}
              </TableCell>
              {values.map(cell)}
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </Sideways>
  )
}
