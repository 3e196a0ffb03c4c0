import { Button, makeStyles, tokens } from '@fluentui/react-components'
import { EditRegular } from '@fluentui/react-icons'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import type { ConfigurationView, Runtime } from '../../../backend/types'
import { DecisionDialog } from '../../../components/decision/DecisionDialog'
import { ProgressInDialog } from '../../../components/decision/ProgressInDialog'
import { useShownOperation } from '../../../components/decision/useShownOperation'
import { SkeletonLines } from '../../../components/Late'
import { ProblemBar } from '../../../components/ProblemBar'
import { useAsk } from '../../../state'
import { sizes } from '../../../theme'
import { Edit } from './Edit'
import { View } from './View'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalL,
    maxWidth: sizes.readingWidth,
  },
  edit: { alignSelf: 'flex-start' },
})

const KINDS = ['reconfigure'] as const

/** A change under way, come to from elsewhere. */
function UnderWay({ runtime, onClose }: { runtime: Runtime; onClose: () => void }) {
  const { t } = useTranslation('configuration')
  const [shown] = useShownOperation(runtime, KINDS)
  if (shown === null) return null
  return (
    <DecisionDialog title={t('heading')} open onClose={onClose}>
      <ProgressInDialog
        id={shown}
        onClose={onClose}
        onRetry={onClose}
        retryLabel={t('backToForm')}
      />
    </DecisionDialog>
  )
}

/** What the runtime is configured as, and the way to change it. */
export function Configuration({ runtime }: { runtime: Runtime }) {
  const styles = useStyles()
  const { t } = useTranslation('configuration')
  const [search, setSearch] = useSearchParams()
  const view = useAsk('configuration', { runtime: runtime.id })
  const [editing, setEditing] = useState<ConfigurationView | null>(null)
  const [came, setCame] = useState<{ field: string | null; port: string | null }>({
    field: null,
    port: null,
  })
  const field = search.get('edit')
  const port = search.get('port')
  const forget = (...names: string[]) =>
    setSearch(
      (before) => {
        const after = new URLSearchParams(before)
        for (const name of names) after.delete(name)
        return after
      },
      { replace: true },
    )
  useEffect(() => {
    if (field === null || editing !== null || view.data === undefined || view.isFetching) return
    setCame({ field, port })
    setEditing(view.data)
    forget('edit', 'port')
  })
  const free = runtime.operation === null && runtime.lock === null
  if (editing !== null) {
    return (
      <Edit
        runtime={runtime}
        view={editing}
        field={came.field}
        port={came.port}
        onEnd={() => {
          setCame({ field: null, port: null })
          setEditing(null)
          view.refetch()
        }}
      />
    )
  }
  return (
    <div className={styles.root}>
      {view.error ? (
        <ProblemBar problem={view.error.problem} onRetry={() => view.refetch()} />
      ) : null}
      {view.isPending ? <SkeletonLines lines={8} /> : null}
      {view.data ? (
        <Button
          className={styles.edit}
          icon={<EditRegular />}
          disabledFocusable={!free || view.isFetching}
          onClick={() => setEditing(view.data)}
        >
          {t('edit')}
        </Button>
      ) : null}
      <View runtime={runtime} view={view.data} />
      {search.get('change') === 'open' ? (
        <UnderWay runtime={runtime} onClose={() => forget('change')} />
      ) : null}
    </div>
  )
}
