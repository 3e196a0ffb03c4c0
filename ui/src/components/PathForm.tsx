import { Field, makeStyles, tokens } from '@fluentui/react-components'
import {
  type ComponentProps,
  type FormEvent,
  type ReactElement,
  type ReactNode,
  useEffect,
  useRef,
  useState,
} from 'react'
import { onDropped } from '../backend'
import { sizes } from '../theme'
import { BusyButton } from './decision/BusyButton'
import { PathInput } from './PathInput'

const useStyles = makeStyles({
  form: {
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 1fr) max-content',
    columnGap: tokens.spacingHorizontalS,
    alignItems: 'start',
    maxWidth: sizes.readingWidth,
    '@media (max-width: 700px)': {
      gridTemplateColumns: 'minmax(0, 1fr)',
      rowGap: tokens.spacingVerticalS,
    },
  },
  // Beside the field's box, which stands under its label.
  button: {
    marginTop: '26px',
    '@media (max-width: 700px)': { marginTop: 0, justifySelf: 'start' },
  },
  more: { gridColumn: '1 / -1', marginTop: tokens.spacingVerticalS, ':empty': { display: 'none' } },
})

interface PathFormProps {
  /** Of the field, so that it can be focused. */
  id: string
  /** What stands in the field at first, and again whenever it changes. */
  begin?: string
  label: string
  hint: string | null
  /** What opens it; the form bears the same name. */
  action: string
  icon: ReactElement
  choice: ComponentProps<typeof PathInput>['choice']
  /** Why what was typed was not opened, where the field itself is to blame. */
  message?: string | null
  /** Said when nothing was typed. */
  missing: string
  busy?: boolean
  /** Something else was typed than what was opened. */
  onTyped?: () => void
  /** Opens a path that is not empty. */
  onOpen: (path: string) => void
  /** Stands under the field. */
  children?: ReactNode
}

/** Opens what lies at a path that is typed, pasted, chosen or dropped on the window. */
export function PathForm({
  id,
  begin = '',
  label,
  hint,
  action,
  icon,
  choice,
  message = null,
  missing,
  busy = false,
  onTyped,
  onOpen,
  children,
}: PathFormProps) {
  const styles = useStyles()
  const [path, setPath] = useState(begin)
  const [empty, setEmpty] = useState(false)
  useEffect(() => setPath(begin), [begin])
  const open = (typed: string) => {
    if (busy) return
    const wanted = typed.trim()
    setEmpty(wanted === '')
    if (wanted === '') document.getElementById(id)?.focus()
    else onOpen(wanted)
  }
  const latest = useRef(open)
  latest.current = open
  useEffect(
    () =>
      onDropped(([first = '']) => {
        setPath(first)
        latest.current(first)
      }),
    [],
  )
  const said = empty ? missing : message
  return (
    <form
      noValidate
      className={styles.form}
      aria-label={action}
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        open(path)
      }}
    >
      <Field
        label={label}
        {...(hint === null ? {} : { hint })}
        {...(said === null ? {} : { validationMessage: said })}
      >
        <PathInput
          id={id}
          value={path}
          choice={choice}
          onChange={(typed) => {
            setEmpty(false)
            onTyped?.()
            setPath(typed)
          }}
          onChoose={open}
        />
      </Field>
      <BusyButton type="submit" className={styles.button} busy={busy} {...(busy ? {} : { icon })}>
        {action}
      </BusyButton>
      <div className={styles.more}>{children}</div>
    </form>
  )
}
