import {
  makeStyles,
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  tokens,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { ChangedSetting, MountRequest, SettingChange } from '../../backend/types'
import { formatBytes } from '../../format'

const useStyles = makeStyles({
  cell: {
    overflowWrap: 'anywhere',
    paddingBlock: tokens.spacingVerticalXXS,
  },
})

/** The words of a change: which setting, before, after. Values of variables are never among them. */
function useWords(): (setting: ChangedSetting) => [string, string, string] {
  const { t } = useTranslation(['decision', 'fields'])
  const port = (number: number) => (number === 0 ? t('settings.anyPort') : String(number))
  const size = (bytes: number | null) =>
    bytes === null ? t('settings.noLimit') : (formatBytes(bytes) ?? '')
  const mount = (one: MountRequest | null) => {
    if (one === null) return t('settings.notThere')
    return one.readOnly ? t('settings.readOnly', { source: one.source }) : one.source
  }
  return (setting) => {
    switch (setting.kind) {
      case 'description':
        return [
          t('settings.description'),
          setting.before || t('settings.empty'),
          setting.after || t('settings.empty'),
        ]
      case 'hostPort':
        return [t('fields:hostPort'), port(setting.before), port(setting.after)]
      case 'bindAddress':
        return [t('fields:bindAddress'), setting.before, setting.after]
      case 'memoryLimit':
        return [t('fields:memory'), size(setting.before), size(setting.after)]
      case 'cpuLimit':
        return [
          t('fields:cpus'),
          String(setting.before ?? t('settings.noLimit')),
          String(setting.after ?? t('settings.noLimit')),
        ]
      case 'variable':
        return [
          t('settings.variable', { name: setting.name }),
          setting.change === 'added' ? t('settings.notThere') : t('settings.hidden'),
          setting.change === 'removed' ? t('settings.notThere') : t('settings.newValue'),
        ]
      case 'mount':
        return [
          t('settings.mount', { target: setting.target }),
          mount(setting.before),
          mount(setting.after),
        ]
      case 'restartPolicy':
        return [
          t('fields:restartPolicy'),
          t(`fields:policy.${setting.before}`),
          t(`fields:policy.${setting.after}`),
        ]
    }
  }
}

/** What changes: setting, before, after. */
export function SettingChanges({ changes, label }: { changes: SettingChange[]; label: string }) {
  const styles = useStyles()
  const { t } = useTranslation('decision')
  const words = useWords()
  return (
    <Table size="small" aria-label={label}>
      <TableHeader>
        <TableRow>
          <TableHeaderCell>{t('settings.setting')}</TableHeaderCell>
          <TableHeaderCell>{t('settings.before')}</TableHeaderCell>
          <TableHeaderCell>{t('settings.after')}</TableHeaderCell>
        </TableRow>
      </TableHeader>
      <TableBody>
        {changes.map(({ setting }) => {
          const [name, before, after] = words(setting)
          return (
            <TableRow key={name}>
              <TableCell className={styles.cell}>{name}</TableCell>
              <TableCell className={styles.cell}>{before}</TableCell>
              <TableCell className={styles.cell}>{after}</TableCell>
            </TableRow>
          )
        })}
      </TableBody>
    </Table>
  )
}
