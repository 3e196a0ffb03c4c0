import {
  Link,
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
import { isActive, NodeStateBadge, NodeTook } from '../../components/flow/states'
import { Sideways } from '../../components/grid/Sideways'
import { chosenRow, sizes } from '../../theme'
import { chosenVariant, neededBy, nodeAsChosen, nodesByName, variantsOf } from './model'
import { NodeIcon } from './NodeIcon'
import { useFlowPage } from './page'
import { NodeMenu } from './RunFromHere'

const COLUMNS = ['node', 'kind', 'after', 'state', 'took'] as const

const useStyles = makeStyles({
  scroller: {
    overflowY: 'auto',
    flexGrow: 1,
    minHeight: 0,
  },
  table: { minWidth: '600px' },
  heading: { fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
  row: { height: `${sizes.gridRow}px` },
  chosen: chosenRow,
  name: { display: 'flex', alignItems: 'center', columnGap: '6px', minWidth: 0 },
  icon: { lineHeight: 0, flexShrink: 0, color: tokens.colorBrandForeground1 },
  took: { width: '56px' },
  menu: { width: '32px' },
  heard: {
    position: 'absolute',
    width: '1px',
    height: '1px',
    overflow: 'hidden',
    clipPath: 'inset(50%)',
  },
  state: { width: '92px' },
  kind: { width: '56px' },
  after: {},
  node: { width: '26%' },
  cut: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  twoLines: {
    display: '-webkit-box',
    WebkitBoxOrient: 'vertical',
    WebkitLineClamp: '2',
    overflow: 'hidden',
    overflowWrap: 'anywhere',
  },
  high: { paddingBlock: tokens.spacingVerticalXS },
  quiet: { color: tokens.colorNeutralForeground3 },
  number: { fontVariantNumeric: 'tabular-nums' },
})

/** The same as the graph, as a table: steps in an order in which they may run. */
export function NodeTable() {
  const styles = useStyles()
  const { t } = useTranslation(['flow', 'common'])
  const { view, draft, run, node: chosen, go } = useFlowPage()
  const runs = nodesByName(run?.nodes ?? [])
  const ended = run === null || !isActive(run)
  const none = t('common:noValue')
  return (
    <Sideways framed label={t('list.label')} className={styles.scroller}>
      <Table size="small" aria-label={t('list.table')} className={styles.table}>
        <TableHeader>
          <TableRow>
            {COLUMNS.map((column) => (
              <TableHeaderCell
                key={column}
                scope="col"
                className={mergeClasses(styles.heading, styles[column])}
              >
                {t(`list.column.${column}`)}
              </TableHeaderCell>
            ))}
            <TableHeaderCell scope="col" className={styles.menu}>
              <span className={styles.heard}>{t('list.column.actions')}</span>
            </TableHeaderCell>
          </TableRow>
        </TableHeader>
        <TableBody>
          {view.graph.nodes.map(({ name }) => {
            const node = nodeAsChosen(view, name, draft)
            const variants = variantsOf(view, name)
            const nodeRun = runs.get(name)
            const after = neededBy(view, name).join(', ')
            const special = [
              ...(variants
                ? [
                    t('variantOf', {
                      id: chosenVariant(variants, draft),
                      count: variants.variants.length,
                    }),
                  ]
                : []),
              ...(node?.activate ? [t('conditional')] : []),
              ...(node?.aggregation ? [t('aggregation')] : []),
            ].join(' · ')
            return (
              <TableRow
                key={name}
                className={mergeClasses(styles.row, chosen === name && styles.chosen)}
              >
                <TableCell role="rowheader" className={special ? styles.high : ''}>
                  <span className={styles.name}>
                    {node ? (
                      <span className={styles.icon}>
                        <NodeIcon kind={node.kind} />
                      </span>
                    ) : null}
                    <Link
                      className={styles.cut}
                      aria-current={chosen === name ? 'true' : undefined}
                      onClick={() => go({ node: name, file: null, line: null })}
                    >
                      {name}
                    </Link>
                  </span>
                  {special ? (
                    <Text size={200} block className={mergeClasses(styles.quiet, styles.cut)}>
                      {special}
                    </Text>
                  ) : null}
                </TableCell>
                <TableCell>{node ? t(`kind.${node.kind}`) : none}</TableCell>
                <TableCell title={after}>
                  <span className={styles.twoLines}>{after || none}</span>
                </TableCell>
                <TableCell>
                  {nodeRun ? <NodeStateBadge node={nodeRun} ended={ended} /> : none}
                </TableCell>
                <TableCell className={styles.number}>
                  {nodeRun?.started ? <NodeTook node={nodeRun} over={ended} /> : none}
                </TableCell>
                <TableCell>
                  <NodeMenu node={name} />
                </TableCell>
              </TableRow>
            )
          })}
        </TableBody>
      </Table>
    </Sideways>
  )
}
