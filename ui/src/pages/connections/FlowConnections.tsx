import { Button, makeStyles, SearchBox, Subtitle1, Text, tokens } from '@fluentui/react-components'
import { PlugConnectedRegular } from '@fluentui/react-icons'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { EmptyState } from '../../components/EmptyState'
import { SkeletonLines } from '../../components/Late'
import { ProblemBar } from '../../components/ProblemBar'
import { useAsk } from '../../state'
import { ConnectionDialog } from './ConnectionDialog'
import { ConnectionTable } from './ConnectionTable'
import { type ConnectionRequest, fitting } from './connectionForm'
import { DeleteConnectionDialog } from './DeleteConnectionDialog'
import { ImportConnectionDialog } from './ImportConnectionDialog'
import { useSectionStyles } from './sectionStyles'

const useStyles = makeStyles({
  search: { width: '240px' },
  none: { color: tokens.colorNeutralForeground2 },
})

/** What is open over the page. */
export type OpenDialog =
  | { kind: 'form'; request: ConnectionRequest }
  | { kind: 'import' }
  | { kind: 'delete'; name: string }

export const addConnection: OpenDialog = {
  kind: 'form',
  request: { original: null, found: null },
}

/** Connections that flows use: which there are, and everything that can be done with them. */
export function FlowConnections({
  memoryOnly,
  dialog,
  onDialog,
}: {
  memoryOnly: boolean
  dialog: OpenDialog | null
  onDialog: (dialog: OpenDialog | null) => void
}) {
  const section = useSectionStyles()
  const styles = useStyles()
  const { t } = useTranslation('flowConnections')
  const heading = useId()
  const [search, setSearch] = useState('')
  const { data, error, refetch } = useAsk('list_connections', {}, { staleTime: 0 })
  const all = data?.connections ?? []
  const shown = fitting(all, search, (type) => t(`type.${type}`))
  const close = () => onDialog(null)
  return (
    <section aria-labelledby={heading} className={section.section}>
      <div className={section.head}>
        <Subtitle1 as="h2" id={heading} className={section.heading}>
          {t('heading')}
        </Subtitle1>
        {all.length > 0 ? (
          <SearchBox
            className={styles.search}
            aria-label={t('search')}
            placeholder={t('search')}
            value={search}
            onChange={(_, { value }) => setSearch(value)}
          />
        ) : null}
      </div>
      <Text className={section.purpose}>{t('purpose')}</Text>
      {error ? <ProblemBar problem={error.problem} onRetry={() => refetch()} /> : null}
      {!data && !error ? <SkeletonLines lines={4} height={36} /> : null}
      {data && all.length === 0 ? (
        <EmptyState
          icon={<PlugConnectedRegular />}
          title={t('empty')}
          action={<Button onClick={() => onDialog(addConnection)}>{t('add')}</Button>}
        >
          {t('emptyBody')}
        </EmptyState>
      ) : null}
      {all.length > 0 && shown.length === 0 ? (
        <Text role="status" className={styles.none}>
          {t('noneFound', { search })}
        </Text>
      ) : null}
      {shown.length > 0 ? (
        <ConnectionTable
          connections={shown}
          onEdit={(original) => onDialog({ kind: 'form', request: { original, found: null } })}
          onDelete={(name) => onDialog({ kind: 'delete', name })}
        />
      ) : null}
      {dialog?.kind === 'form' && data ? (
        <ConnectionDialog
          request={dialog.request}
          types={data.types}
          memoryOnly={memoryOnly}
          onClose={close}
        />
      ) : null}
      {dialog?.kind === 'import' ? (
        <ImportConnectionDialog
          onFound={(request) => onDialog({ kind: 'form', request })}
          onClose={close}
        />
      ) : null}
      {dialog?.kind === 'delete' ? (
        <DeleteConnectionDialog name={dialog.name} onClose={close} />
      ) : null}
    </section>
  )
}
