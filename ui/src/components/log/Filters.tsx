import {
  Button,
  Checkbox,
  makeStyles,
  Popover,
  PopoverSurface,
  PopoverTrigger,
  Text,
  tokens,
} from '@fluentui/react-components'
import { Dismiss12Regular, FilterAdd20Regular } from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import type { LogFilter } from '../../backend/types'
import { formatCount } from '../../format'
import { sizes } from '../../theme'
import type { LogShown } from './session'

const useStyles = makeStyles({
  surface: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: tokens.spacingHorizontalXXL,
    boxSizing: 'border-box',
    // It stays beside the navigation.
    maxWidth: `min(720px, calc(100vw - ${sizes.navigationNarrow} - 2 * ${sizes.pagePadding}))`,
    maxHeight: 'min(480px, 70vh)',
    overflow: 'auto',
    padding: tokens.spacingHorizontalL,
  },
  group: { display: 'flex', flexDirection: 'column', border: 'none', margin: 0, padding: 0 },
  legend: { padding: 0, fontWeight: tokens.fontWeightSemibold },
  choices: { display: 'flex', flexDirection: 'column', maxHeight: '240px', overflow: 'auto' },
  chips: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalXS,
    ':empty': { display: 'none' },
  },
  noise: {
    display: 'inline-flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalXS,
    color: tokens.colorNeutralForeground3,
  },
  none: { maxWidth: '320px' },
})

/** What is filtered by a list of its values. */
type Kind = 'levels' | 'nodes' | 'rows' | 'runs' | 'sources'
type Value = string | number

interface Choice {
  value: Value
  name: string
  lines: number | null
}

/** What can be chosen of each kind; what was chosen stays although it is not seen any more. */
function useChoices({ facets, filter, state }: LogShown): Array<[Kind, Choice[]]> {
  const { t } = useTranslation('log')
  const sources = state?.sources ?? []
  const among = (kind: Kind, seen: Choice[], name: (value: never) => string): Choice[] => [
    ...seen,
    ...(filter[kind] as Value[])
      .filter((value) => !seen.some((one) => one.value === value))
      .map((value) => ({ value, name: name(value as never), lines: 0 })),
  ]
  const row = (value: number) => t('filter.row', { row: value })
  const kinds: Array<[Kind, Choice[]]> = [
    [
      'levels',
      among(
        'levels',
        facets.levels.map(({ level, lines }) => ({
          value: level,
          name: t(`level.${level}`),
          lines,
        })),
        (level: keyof typeof levels) => t(`level.${level}`),
      ),
    ],
    [
      'nodes',
      among(
        'nodes',
        facets.nodes.map(({ name, lines }) => ({ value: name, name, lines })),
        String,
      ),
    ],
    [
      'rows',
      among(
        'rows',
        facets.rows.map((one) => ({ value: one.row, name: row(one.row), lines: one.lines })),
        row,
      ),
    ],
    [
      'runs',
      among(
        'runs',
        facets.runs.map(({ name, lines }) => ({ value: name, name, lines })),
        String,
      ),
    ],
    [
      'sources',
      sources.length > 1
        ? sources.map(({ name }, index) => ({ value: index, name, lines: null }))
        : [],
    ],
  ]
  return kinds.filter(([, choices]) => choices.length > 0)
}

const levels = { none: 0, debug: 0, info: 0, warning: 0, error: 0, critical: 0 }

/** The filter as a list of what was chosen. */
const isChosen = (filter: LogFilter, kind: Kind, value: Value) =>
  (filter[kind] as Value[]).includes(value)

function changed(filter: LogFilter, kind: Kind, value: Value, on: boolean): Partial<LogFilter> {
  const others = (filter[kind] as Value[]).filter((one) => one !== value)
  return { [kind]: on ? [...others, value] : others }
}

interface Props {
  label: string
  shown: LogShown
  onFilter: (part: Partial<LogFilter>) => void
}

/** The menu of what can be filtered by, with how many lines have it. */
export function FilterMenu({ label, shown, onFilter }: Props) {
  const styles = useStyles()
  const { t } = useTranslation('log')
  const choices = useChoices(shown)
  // One level says nothing.
  const useful = choices.filter(([kind, all]) => kind !== 'levels' || all.length > 1)
  return (
    <Popover
      trapFocus
      positioning={{ position: 'below', align: 'start', overflowBoundaryPadding: 24 }}
    >
      <PopoverTrigger disableButtonEnhancement>
        <Button size="small" appearance="subtle" icon={<FilterAdd20Regular />}>
          {t('filter.open')}
        </Button>
      </PopoverTrigger>
      <PopoverSurface className={styles.surface} aria-label={t('filter.panel', { label })}>
        {useful.length === 0 ? <Text className={styles.none}>{t('filter.none')}</Text> : null}
        {useful.map(([kind, all]) => (
          <fieldset key={kind} className={styles.group}>
            <legend className={styles.legend}>{t(`filter.${kind}`)}</legend>
            <div className={styles.choices}>
              {all.map(({ value, name, lines }) => (
                <Checkbox
                  key={value}
                  label={
                    lines === null ? name : t('filter.choice', { name, lines: formatCount(lines) })
                  }
                  checked={isChosen(shown.filter, kind, value)}
                  onChange={(_, { checked }) =>
                    onFilter(changed(shown.filter, kind, value, checked === true))
                  }
                />
              ))}
            </div>
          </fieldset>
        ))}
        {shown.facets.more ? <Text>{t('filter.more')}</Text> : null}
      </PopoverSurface>
    </Popover>
  )
}

/** What is filtered by now, and what is hidden because it says nothing; each can be taken back. */
export function FilterChips({ shown, onFilter }: Omit<Props, 'label'>) {
  const styles = useStyles()
  const { t } = useTranslation('log')
  const { filter, state } = shown
  const chips = useChoices(shown).flatMap(([kind, all]) =>
    all
      .filter(({ value }) => isChosen(filter, kind, value))
      .map(({ value, name }) => ({
        kind,
        value,
        name: t('filter.chip', { kind: t(`filter.${kind}`), name }),
      })),
  )
  const noise = state?.noise ?? 0
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a frame and a legend
    <div role="group" aria-label={t('filter.active')} className={styles.chips}>
      {chips.map(({ kind, value, name }) => (
        <Button
          key={`${kind} ${value}`}
          size="small"
          shape="circular"
          icon={<Dismiss12Regular />}
          iconPosition="after"
          aria-label={t('filter.remove', { name })}
          onClick={() => onFilter(changed(filter, kind, value, false))}
        >
          {name}
        </Button>
      ))}
      {chips.length > 0 ? (
        <Button
          size="small"
          appearance="subtle"
          onClick={() => onFilter({ levels: [], nodes: [], rows: [], runs: [], sources: [] })}
        >
          {t('filter.clear')}
        </Button>
      ) : null}
      {noise > 0 ? (
        <span className={styles.noise} title={t('noise.hint')}>
          <Text size={200}>
            {t(filter.noise ? 'noise.shown' : 'noise.hidden', { shown: formatCount(noise) })}
          </Text>
          <Button
            size="small"
            appearance="transparent"
            onClick={() => onFilter({ noise: !filter.noise })}
          >
            {t(filter.noise ? 'noise.hide' : 'noise.show')}
          </Button>
        </span>
      ) : null}
    </div>
  )
}
