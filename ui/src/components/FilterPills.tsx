import { CounterBadge, makeStyles, ToggleButton, tokens } from '@fluentui/react-components'
import { formatCount } from '../format'

const useStyles = makeStyles({
  pills: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: tokens.spacingHorizontalXS,
    border: 'none',
    padding: 0,
    margin: 0,
    minWidth: 0,
  },
  count: { marginInlineStart: tokens.spacingHorizontalXS },
})

/** What of a list is shown, with how much there is of each; one of them is always chosen. */
export function FilterPills<Filter extends string>({
  label,
  filters,
  chosen,
  words,
  count,
  onChoose,
}: {
  label: string
  filters: readonly Filter[]
  chosen: Filter
  words: (filter: Filter) => string
  count: (filter: Filter) => number
  onChoose: (filter: Filter) => void
}) {
  const styles = useStyles()
  return (
    <fieldset aria-label={label} className={styles.pills}>
      {filters.map((filter) => (
        <ToggleButton
          key={filter}
          size="small"
          shape="circular"
          appearance="subtle"
          checked={chosen === filter}
          onClick={() => onChoose(filter)}
        >
          {words(filter)}{' '}
          <CounterBadge
            className={styles.count}
            appearance="filled"
            color="informative"
            size="small"
            showZero
            count={count(filter)}
          >
            {formatCount(count(filter))}
          </CounterBadge>
        </ToggleButton>
      ))}
    </fieldset>
  )
}
