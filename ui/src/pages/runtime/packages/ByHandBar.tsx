import {
  Button,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  makeStyles,
  Spinner,
  tokens,
} from '@fluentui/react-components'
import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../../app/paths'
import type { Runtime } from '../../../backend/types'
import { ProblemBar } from '../../../components/ProblemBar'
import { useAction } from '../../../state'
import type { ByHand } from './byHand'

const useStyles = makeStyles({
  bar: { flexShrink: 0, paddingBlock: tokens.spacingVerticalXS },
})

/** Packages that are lost with the container, and the way to keep them. */
export function ByHandBar({ runtime, packages }: { runtime: Runtime; packages: ByHand }) {
  const styles = useStyles()
  const { t } = useTranslation('runtime')
  const navigate = useNavigate()
  const client = useQueryClient()
  const keep = useAction('keep_packages')
  const build = useAction('build_environment')
  const start = () => {
    if (keep.isPending || build.isPending) return
    keep.mutate(
      { runtime: runtime.id, requirements: packages.requirements },
      {
        onSuccess: async ({ environment }) => {
          // It may have been made for this.
          await client.invalidateQueries({ queryKey: ['list_environments'] })
          build.mutate(
            {
              environment,
              compute: runtime.compute,
              newestBase: false,
              noCache: false,
              exactly: null,
              update: [runtime.id],
            },
            {
              onSuccess: () => navigate(paths.environment(environment, 'build')),
              // What hinders it is told there, before it is tried again.
              onError: () => navigate(paths.buildEnvironment(environment)),
            },
          )
        },
      },
    )
  }
  return (
    <>
      <MessageBar intent="info" role="group" layout="multiline" className={styles.bar}>
        <MessageBarBody>
          {t('packages.byHand', { count: packages.count })}
          <div>{t('packages.keepHint')}</div>
        </MessageBarBody>
        <MessageBarActions>
          <Button
            {...(keep.isPending || build.isPending
              ? { icon: <Spinner size="extra-tiny" aria-hidden="true" /> }
              : {})}
            onClick={start}
          >
            {t('packages.keep')}
          </Button>
        </MessageBarActions>
      </MessageBar>
      {keep.error ? <ProblemBar problem={keep.error.problem} onRetry={start} /> : null}
    </>
  )
}
