import { Button, makeStyles, SearchBox, tokens } from '@fluentui/react-components'
import {
  Add20Regular,
  BoxToolboxRegular,
  FolderArrowRightRegular,
  SearchRegular,
} from '@fluentui/react-icons'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import type { EnvironmentView } from '../../backend/types'
import { EmptyState } from '../../components/EmptyState'
import { SkeletonLines } from '../../components/Late'
import { Page } from '../../components/Page'
import { ProblemBar } from '../../components/ProblemBar'
import { useLiveOperations } from '../../state'
import { DeleteDialog } from '../environment/DeleteDialog'
import { DuplicateDialog } from '../environment/DuplicateDialog'
import { useEnvironments } from '../environment/state'
import { EnvironmentTable } from './EnvironmentTable'
import { ImportDialog } from './ImportDialog'
import { startView, useView, visibleRows } from './view'

const useStyles = makeStyles({
  search: { width: '240px' },
  both: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
})

/** A dialog that is open, and for which environment. */
type Open =
  | { kind: 'import' }
  | { kind: 'duplicate' | 'delete'; environment: EnvironmentView }
  | null

/** What runtimes' images are made from: every environment with its newest version. */
export default function EnvironmentsPage() {
  const styles = useStyles()
  const { t } = useTranslation('environments')
  const navigate = useNavigate()
  const { data, error, refetch } = useEnvironments()
  const operations = useLiveOperations()
  const [view, onView] = useView()
  const [dialog, setDialog] = useState<Open>(null)
  const close = () => setDialog(null)
  const all = data?.environments ?? []
  const rows = visibleRows(all, view, operations)
  const empty = data !== undefined && all.length === 0
  const add = (
    <>
      <Button icon={<FolderArrowRightRegular />} onClick={() => setDialog({ kind: 'import' })}>
        {t('import')}
      </Button>
      <Button
        appearance="primary"
        icon={<Add20Regular />}
        onClick={() => navigate(paths.addEnvironment)}
      >
        {t('add')}
      </Button>
    </>
  )
  return (
    <Page
      heading={t('heading')}
      notices={data?.unreadable.map(({ folder, problem }) => (
        <ProblemBar
          key={folder}
          problem={problem}
          title={t('unreadableTitle', { name: folder.split('/').at(-1) })}
          outcome={t('unreadable', { folder })}
          onRetry={() => refetch()}
        />
      ))}
      actions={
        <>
          {all.length > 0 ? (
            <SearchBox
              className={styles.search}
              aria-label={t('search')}
              placeholder={t('search')}
              value={view.search}
              onChange={(_, { value }) => onView({ search: value })}
            />
          ) : null}
          {empty ? null : add}
        </>
      }
    >
      {error ? <ProblemBar problem={error.problem} onRetry={() => refetch()} /> : null}
      {!data && !error ? <SkeletonLines lines={8} height={28} /> : null}
      {empty ? (
        <EmptyState
          icon={<BoxToolboxRegular />}
          title={t('empty.title')}
          action={<div className={styles.both}>{add}</div>}
        >
          {t('empty.body')}
        </EmptyState>
      ) : null}
      {all.length > 0 && rows.length === 0 ? (
        <EmptyState
          icon={<SearchRegular />}
          title={t('empty.noMatch')}
          action={
            <Button onClick={() => onView({ search: startView.search })}>
              {t('empty.showAll')}
            </Button>
          }
        >
          {t('empty.noMatchBody')}
        </EmptyState>
      ) : null}
      {rows.length > 0 ? (
        <EnvironmentTable
          rows={rows}
          sort={view.sort}
          onSort={(sort) => onView({ sort })}
          onDuplicate={(environment) => setDialog({ kind: 'duplicate', environment })}
          onDelete={(environment) => setDialog({ kind: 'delete', environment })}
        />
      ) : null}
      {dialog?.kind === 'import' ? <ImportDialog onClose={close} /> : null}
      {dialog?.kind === 'duplicate' ? (
        <DuplicateDialog environment={dialog.environment} onClose={close} />
      ) : null}
      {dialog?.kind === 'delete' ? (
        <DeleteDialog environment={dialog.environment} onClose={close} onDeleted={close} />
      ) : null}
    </Page>
  )
}
