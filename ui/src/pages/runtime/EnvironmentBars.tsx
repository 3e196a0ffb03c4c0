import {
  Button,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
  tokens,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { paths } from '../../app/paths'
import type { VersionAnswer } from '../../backend/types'
import { GoLink } from '../../components/GoLink'
import { PackageChanges } from '../../components/operation/PackageChanges'

const useStyles = makeStyles({
  bar: { paddingBlock: tokens.spacingVerticalS },
})

/** The runtime's environment has a newer version on its compute. */
export function NewerOfEnvironmentBar({
  answer,
  onUpdate,
}: {
  answer: Extract<VersionAnswer, { kind: 'newerOfEnvironment' }>
  onUpdate: (() => void) | null
}) {
  const styles = useStyles()
  const { t } = useTranslation('runtime')
  const { name, from, to, packages } = answer
  return (
    <MessageBar
      intent="info"
      className={styles.bar}
      {...(packages.length > 0 ? { layout: 'multiline' as const } : {})}
    >
      <MessageBarBody>
        <div>{t('version.environment.newer', { name, from, to })}</div>
        {packages.length > 0 ? <PackageChanges changes={packages} /> : null}
      </MessageBarBody>
      {onUpdate ? (
        <MessageBarActions>
          <Button appearance="primary" onClick={onUpdate}>
            {t('action.update')}
          </Button>
        </MessageBarActions>
      ) : null}
    </MessageBar>
  )
}

/** The newest version of its environment runs, and a newer one could be made. */
export function NewerBaseBar({
  answer,
}: {
  answer: Extract<VersionAnswer, { kind: 'newerBase' }>
}) {
  const { t } = useTranslation('runtime')
  const { environment, name } = answer
  return (
    <MessageBar intent="info">
      <MessageBarBody>
        <MessageBarTitle>{t('version.environment.base', { name })}</MessageBarTitle>{' '}
        {t('version.environment.baseBody')}{' '}
        <GoLink to={paths.environment(environment)} inline>
          {t('version.environment.open')}
        </GoLink>
      </MessageBarBody>
    </MessageBar>
  )
}
