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
import { Breaking } from '../../components/Breaking'
import { Moment } from '../../components/Moment'
import { useUnder } from '../../components/useUnder'
import { formatBytes, shortDigest } from '../../format'
import { sizes } from '../../theme'
import { useImageWords } from './words'

/** Windows narrower than this have no room for a column of each thing: nothing may be out of view. */
const ROOM = 1100

const useStyles = makeStyles({
  frame: {
    borderRadius: tokens.borderRadiusMedium,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
  },
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
  room,
  onChoose,
}: {
  image: DiskImage
  chosen: boolean
  /** For a column of each thing; else kind, need and age stand under the name. */
  room: boolean
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
          <Text>
            <Breaking>{name}</Breaking>
          </Text>
          {image.names.slice(1).map((other) => (
            <Text key={other}>
              <Breaking>{other}</Breaking>
            </Text>
          ))}
          <Text size={200} className={styles.quiet}>
            {id}
          </Text>
          {room ? null : (
            <>
              <Text>{need}</Text>
              <Text size={200} className={styles.quiet}>
                {role}
                {image.created === null ? null : (
                  <>
                    {' · '}
                    <Moment time={image.created} />
                  </>
                )}
              </Text>
            </>
          )}
        </span>
      </TableCell>
      {room ? <TableCell className={styles.cell}>{role}</TableCell> : null}
      <TableCell className={styles.number}>
        {formatBytes(image.size)}
        {image.shared > 0 ? (
          <Text size={200} block className={styles.quiet}>
            {t('shared', { size: formatBytes(image.shared) })}
          </Text>
        ) : null}
      </TableCell>
      {room ? (
        <>
          <TableCell>
            <Moment time={image.created} />
          </TableCell>
          <TableCell className={styles.cell}>{need}</TableCell>
        </>
      ) : null}
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
  const room = !useUnder(ROOM)
  const columns = [
    ['image', room ? styles.image : undefined],
    ['role', undefined],
    ['size', styles.number],
    ['created', styles.created],
    ['need', undefined],
  ] as const
  return (
    <div className={styles.frame}>
      <Table size="small" aria-label={t('table')}>
        <TableHeader>
          <TableRow>
            <TableHeaderCell scope="col" className={styles.choose}>
              <span className={styles.heard}>{t('column.choose')}</span>
            </TableHeaderCell>
            {columns
              .filter(([column]) => room || column === 'image' || column === 'size')
              .map(([column, width]) => (
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
              room={room}
              onChoose={(chosen) => onChoose(image.id, chosen)}
            />
          ))}
        </TableBody>
      </Table>
    </div>
  )
}
