import { makeStyles, Text, tokens } from '@fluentui/react-components'

const useStyles = makeStyles({
  list: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: tokens.spacingHorizontalM,
    margin: 0,
  },
  figure: {
    display: 'flex',
    flexDirection: 'column',
    minWidth: '104px',
    paddingBlock: tokens.spacingVerticalS,
    paddingInline: tokens.spacingHorizontalM,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground3,
  },
  label: { overflowWrap: 'anywhere', color: tokens.colorNeutralForeground2 },
  value: { margin: 0, fontVariantNumeric: 'tabular-nums' },
})

/** Numbers that are to be seen at a glance. */
export function Figures({ figures }: { figures: ReadonlyArray<{ label: string; value: string }> }) {
  const styles = useStyles()
  return (
    <dl className={styles.list}>
      {figures.map(({ label, value }) => (
        <div key={label} className={styles.figure}>
          <dt>
            <Text size={200} className={styles.label}>
              {label}
            </Text>
          </dt>
          <dd className={styles.value}>
            <Text size={500} weight="semibold">
              {value}
            </Text>
          </dd>
        </div>
      ))}
    </dl>
  )
}
