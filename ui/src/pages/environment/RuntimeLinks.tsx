import { makeStyles, tokens } from '@fluentui/react-components'
import { paths } from '../../app/paths'
import { GoLink } from '../../components/GoLink'
import { useRuntimes } from '../../state'

const useStyles = makeStyles({
  list: {
    display: 'flex',
    flexWrap: 'wrap',
    columnGap: tokens.spacingHorizontalM,
    margin: 0,
    padding: 0,
    listStyleType: 'none',
  },
})

/** Runtimes by name, each with the way to its page; one that is not known is told by its id. */
export function RuntimeLinks({ ids, label }: { ids: readonly string[]; label?: string }) {
  const styles = useStyles()
  const known = useRuntimes()
  return (
    <ul className={styles.list} {...(label ? { 'aria-label': label } : {})}>
      {ids.map((id) => {
        const runtime = known.find((one) => one.id === id)
        return (
          <li key={id}>{runtime ? <GoLink to={paths.runtime(id)}>{runtime.name}</GoLink> : id}</li>
        )
      })}
    </ul>
  )
}
