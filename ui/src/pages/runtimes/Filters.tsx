import {
  Dropdown,
  makeStyles,
  Option,
  SearchBox,
  ToggleButton,
  Tooltip,
  tokens,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { Runtime } from '../../backend/types'
import { FilterPills } from '../../components/FilterPills'
import { useComputes } from '../../state'
import { countFilters, FILTERS, type View } from './view'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
  },
  end: { display: 'flex', gap: tokens.spacingHorizontalS, marginInlineStart: 'auto' },
  compute: { minWidth: '160px' },
  search: { width: '240px' },
})

/** Search box of the page's head. */
export function SearchRuntimes({
  view,
  onView,
}: {
  view: View
  onView: (change: Partial<View>) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('runtimes')
  return (
    <SearchBox
      className={styles.search}
      aria-label={t('search')}
      placeholder={t('search')}
      value={view.search}
      onChange={(_, { value }) => onView({ search: value })}
    />
  )
}

/** Pills by state; compute and creator at the end. */
export function Filters({
  runtimes,
  view,
  onView,
}: {
  runtimes: readonly Runtime[]
  view: View
  onView: (change: Partial<View>) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('runtimes')
  const computes = useComputes()
  const counts = countFilters(runtimes, view)
  const chosen = computes.find(({ id }) => id === view.compute)
  return (
    <div className={styles.root}>
      <FilterPills
        label={t('filters')}
        filters={FILTERS}
        chosen={view.filter}
        words={(filter) => t(`filter.${filter}`)}
        count={(filter) => counts[filter]}
        onChoose={(filter) => onView({ filter })}
      />
      <div className={styles.end}>
        <Tooltip content={t('mineHint')} relationship="description">
          <ToggleButton
            size="small"
            shape="circular"
            checked={view.onlyMine}
            onClick={() => onView({ onlyMine: !view.onlyMine })}
          >
            {t('mine')}
          </ToggleButton>
        </Tooltip>
        {computes.length > 1 ? (
          <Dropdown
            size="small"
            className={styles.compute}
            aria-label={t('computeFilter')}
            value={chosen?.name ?? t('allComputes')}
            selectedOptions={[view.compute ?? '']}
            onOptionSelect={(_, { optionValue }) => onView({ compute: optionValue || null })}
          >
            <Option value="">{t('allComputes')}</Option>
            {computes.map(({ id, name }) => (
              <Option key={id} value={id}>
                {name}
              </Option>
            ))}
          </Dropdown>
        ) : null}
      </div>
    </div>
  )
}
