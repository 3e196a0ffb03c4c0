import { Field, Input, makeStyles, tokens } from '@fluentui/react-components'
import { FolderOpen20Regular } from '@fluentui/react-icons'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import { onDropped } from '../../backend'
import { BusyButton } from '../../components/decision/BusyButton'
import { ProblemBar } from '../../components/ProblemBar'
import { useAction } from '../../state'
import { sizes } from '../../theme'

const useStyles = makeStyles({
  form: {
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 1fr) max-content',
    columnGap: tokens.spacingHorizontalS,
    alignItems: 'start',
    maxWidth: sizes.readingWidth,
    '@media (max-width: 700px)': { gridTemplateColumns: 'minmax(0, 1fr)', rowGap: '8px' },
  },
  // Beside the field's box, which stands under its label.
  button: {
    marginTop: '26px',
    '@media (max-width: 700px)': { marginTop: 0, justifySelf: 'start' },
  },
  problem: { gridColumn: '1 / -1', marginTop: tokens.spacingVerticalS },
})

const FIELD = 'flow-path'

/** Opens a flow by a path that is typed, pasted or dropped on the window. */
export function OpenForm() {
  const styles = useStyles()
  const { t } = useTranslation('flows')
  const navigate = useNavigate()
  const open = useAction('open_flow')
  const [path, setPath] = useState('')
  const [empty, setEmpty] = useState(false)
  const problem = open.error?.problem ?? null
  const ofField = problem?.field === 'path' ? problem : null
  const message = empty
    ? t('pathMissing')
    : ofField
      ? [ofField.sentence, ...ofField.hints].join(' ')
      : undefined
  const start = (typed: string) => {
    if (open.isPending) return
    const wanted = typed.trim()
    setEmpty(wanted === '')
    if (wanted === '') {
      document.getElementById(FIELD)?.focus()
      return
    }
    open.mutate({ path: wanted }, { onSuccess: ({ flow }) => navigate(paths.flow(flow)) })
  }
  const latest = useRef(start)
  latest.current = start
  useEffect(
    () =>
      onDropped(([first = '']) => {
        setPath(first)
        latest.current(first)
      }),
    [],
  )
  return (
    <form
      noValidate
      className={styles.form}
      aria-label={t('open')}
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        start(path)
      }}
    >
      <Field
        label={t('path')}
        hint={t('pathHint')}
        {...(message ? { validationMessage: message } : {})}
      >
        <Input
          id={FIELD}
          value={path}
          autoComplete="off"
          spellCheck={false}
          onChange={(_, { value }) => {
            setEmpty(false)
            if (open.error) open.reset()
            setPath(value)
          }}
        />
      </Field>
      <BusyButton
        type="submit"
        className={styles.button}
        busy={open.isPending}
        {...(open.isPending ? {} : { icon: <FolderOpen20Regular /> })}
      >
        {t('open')}
      </BusyButton>
      {problem && !ofField ? (
        <div className={styles.problem}>
          <ProblemBar problem={problem} title={t('notOpened')} onRetry={() => start(path)} />
        </div>
      ) : null}
    </form>
  )
}
