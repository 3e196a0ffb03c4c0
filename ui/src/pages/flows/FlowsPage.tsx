import { Button, makeStyles, SearchBox } from '@fluentui/react-components'
import { FlowRegular, SearchRegular, TableLightning20Regular } from '@fluentui/react-icons'
import { useQueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import type { RecentFlow } from '../../backend/types'
import { EmptyState } from '../../components/EmptyState'
import { SkeletonLines } from '../../components/Late'
import { useNotify } from '../../components/notify'
import { Page } from '../../components/Page'
import { ProblemBar } from '../../components/ProblemBar'
import { useAction, useAsk, useRuntimes } from '../../state'
import { FlowTable } from './FlowTable'
import { OpenForm } from './OpenForm'
import { matching, search } from './view'

const useStyles = makeStyles({
  search: { width: '240px' },
})

/** Takes a flow off the list. */
function useForget() {
  const { t } = useTranslation('flows')
  const notify = useNotify()
  const client = useQueryClient()
  const forget = useAction('forget_flow')
  return ({ flow, name }: RecentFlow) =>
    forget.mutate(
      { flow },
      {
        onError: (error) => notify.problem(error.problem),
        onSuccess: () => {
          client.invalidateQueries({ queryKey: ['list_flows'] })
          notify.show({
            intent: 'success',
            title: t('forgotten', { name }),
            body: t('forgottenBody'),
          })
        },
      },
    )
}

/** Flows that were opened before, and the way to another one. */
export default function FlowsPage() {
  const styles = useStyles()
  const { t } = useTranslation('flows')
  const navigate = useNavigate()
  const { data, error, refetch } = useAsk('list_flows', {})
  const words = useSyncExternalStore(search.subscribe, search.get)
  const names = new Map(useRuntimes().map(({ id, name }) => [id, name]))
  const forget = useForget()
  const all = data?.flows ?? []
  const rows = matching(all, words, (id) => names.get(id) ?? '')
  return (
    <Page
      heading={t('heading')}
      actions={
        <>
          {all.length > 0 ? (
            <SearchBox
              className={styles.search}
              aria-label={t('search')}
              placeholder={t('search')}
              value={words}
              onChange={(_, { value }) => search.set(value)}
            />
          ) : null}
          <Button
            appearance="subtle"
            icon={<TableLightning20Regular />}
            onClick={() => navigate(paths.batches)}
          >
            {t('batches')}
          </Button>
        </>
      }
    >
      <OpenForm />
      {error ? <ProblemBar problem={error.problem} onRetry={() => refetch()} /> : null}
      {!data && !error ? <SkeletonLines lines={8} height={28} /> : null}
      {data && all.length === 0 ? (
        <EmptyState icon={<FlowRegular />} title={t('empty.title')}>
          {t('empty.body')}
        </EmptyState>
      ) : null}
      {all.length > 0 && rows.length === 0 ? (
        <EmptyState
          icon={<SearchRegular />}
          title={t('empty.noMatch')}
          action={<Button onClick={() => search.set('')}>{t('empty.showAll')}</Button>}
        >
          {t('empty.noMatchBody')}
        </EmptyState>
      ) : null}
      {rows.length > 0 ? <FlowTable flows={rows} onForget={forget} /> : null}
    </Page>
  )
}
