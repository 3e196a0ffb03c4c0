import {
  Checkbox,
  makeStyles,
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
import type { DiskImage } from '../../backend/types'
import { Moment } from '../../components/Moment'
import { formatBytes, shortDigest } from '../../format'
import { sizes } from '../../theme'
import { useImageWords } from './words'

const useStyles = makeStyles({
  scroller: {
    overflowX: 'auto',
    borderRadius: tokens.borderRadiusMedium,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
  },
  table: { minWidth: '880px' },
  heading: { fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
  row: { height: `${sizes.gridRow}px` },
  choose: { width: '48px' },
  image: { width: '32%' },
  number: { width: '80px', fontVariantNumeric: 'tabular-nums' },
  created: { width: '128px' },
  cell: {
    paddingBlock: tokens.spacingVerticalXXS,
    overflowWrap: 'anywhere',
    userSelect: 'text',
  },
  names: { display: 'flex', flexDirection: 'column' },
  quiet: { color: tokens.colorNeutralForeground3 },
  heard: {
    position: 'absolute',
    width: '1px',
    height: '1px',
    overflow: 'hidden',
    clipPath: 'inset(50%)',
  },
})

function Row({
  image,
  chosen,
  onChoose,
}: {
  image: DiskImage
  chosen: boolean
  onChoose: (chosen: boolean) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('disk')
  const { name, role, need } = useImageWords()(image)
  const id = shortDigest(image.id)
  return (
    <TableRow className={styles.row}>
      <TableCell>
        {image.mayGo ? (
          <Checkbox
            aria-label={t('choose', { image: image.names.length > 0 ? name : id })}
            checked={chosen}
            onChange={(_, { checked }) => onChoose(checked === true)}
          />
        ) : null}
      </TableCell>
      <TableCell role="rowheader" className={styles.cell}>
        <span className={styles.names}>
          <Text>{name}</Text>
          {image.names.slice(1).map((other) => (
            <Text key={other}>{other}</Text>
          ))}
          <Text size={200} className={styles.quiet}>
            {id}
          </Text>
        </span>
      </TableCell>
      <TableCell className={styles.cell}>{role}</TableCell>
      <TableCell className={styles.number}>
        {formatBytes(image.size)}
        {image.shared > 0 ? (
          <Text size={200} block className={styles.quiet}>
            {t('shared', { size: formatBytes(image.shared) })}
          </Text>
        ) : null}
      </TableCell>
      <TableCell>
        <Moment time={image.created} />
      </TableCell>
      <TableCell className={styles.cell}>{need}</TableCell>
    </TableRow>
  )
}

/** The images with what needs each; those that may go can be chosen. */
export function ImageTable({
  images,
  isChosen,
  onChoose,
}: {
  images: DiskImage[]
  isChosen: (image: DiskImage) => boolean
  onChoose: (image: string, chosen: boolean) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('disk')
  return (
    <section
      className={styles.scroller}
      aria-label={t('table')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard has to reach what scrolls
      tabIndex={0}
    >
      <Table size="small" aria-label={t('table')} className={styles.table}>
        <TableHeader>
          <TableRow>
            <TableHeaderCell scope="col" className={styles.choose}>
              <span className={styles.heard}>{t('column.choose')}</span>
            </TableHeaderCell>
            {(
              [
                ['image', styles.image],
                ['role', undefined],
                ['size', styles.number],
                ['created', styles.created],
                ['need', undefined],
              ] as const
            ).map(([column, width]) => (
              <TableHeaderCell key={column} scope="col" {...(width ? { className: width } : {})}>
                <span className={styles.heading}>{t(`column.${column}`)}</span>
              </TableHeaderCell>
            ))}
          </TableRow>
        </TableHeader>
        <TableBody>
          {images.map((image) => (
            <Row
              key={image.id}
              image={image}
              chosen={isChosen(image)}
              onChoose={(chosen) => onChoose(image.id, chosen)}
            />
          ))}
        </TableBody>
      </Table>
    </section>
  )
}
