import { makeStyles, Text, tokens } from '@fluentui/react-components'
import type { NamedValue } from '../../backend/types'
import { WholeValue } from '../flow/ValueView'

const useStyles = makeStyles({
  values: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalS },
  name: { fontFamily: tokens.fontFamilyMonospace },
})

/** Values with their names, whole. */
export function NamedValues({ values }: { values: readonly NamedValue[] }) {
  const styles = useStyles()
  return (
    <div className={styles.values}>
      {values.map(({ name, value }) => (
        <div key={name}>
          <Text size={200} weight="semibold" className={styles.name}>
            {name}
          </Text>
          <WholeValue value={value} name={name} />
        </div>
      ))}
    </div>
  )
}
