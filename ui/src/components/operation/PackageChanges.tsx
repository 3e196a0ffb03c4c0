import { makeStyles, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { PackageChange } from '../../backend/types'
import { Fold } from '../Fold'

const useStyles = makeStyles({
  table: { borderCollapse: 'collapse', fontSize: tokens.fontSizeBase200, userSelect: 'text' },
  cell: {
    textAlign: 'start',
    padding: '2px 24px 2px 0',
    fontWeight: tokens.fontWeightRegular,
    fontVariantNumeric: 'tabular-nums',
  },
  head: { color: tokens.colorNeutralForeground3 },
})

/** What differs between the packages installed before and after. */
export function PackageChanges({ changes }: { changes: PackageChange[] }) {
  const styles = useStyles()
  const { t } = useTranslation('operation')
  if (changes.length === 0) return <Text>{t('packages.same')}</Text>
  return (
    <Fold label={t('packages.title', { count: changes.length })}>
      <table className={styles.table}>
        <thead className={styles.head}>
          <tr>
            {(['name', 'from', 'to'] as const).map((column) => (
              <th key={column} scope="col" className={styles.cell}>
                {t(`packages.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {changes.map(({ name, from, to }) => (
            <tr key={name}>
              <th scope="row" className={styles.cell}>
                {name}
              </th>
              <td className={styles.cell}>{from ?? t('packages.added')}</td>
              <td className={styles.cell}>{to ?? t('packages.removed')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Fold>
  )
}
