import { makeStyles, tokens } from '@fluentui/react-components'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { paths } from '../../app/paths'
import { useAsk } from '../../state'
import { GoLink } from '../GoLink'
import { SkeletonLines } from '../Late'
import { ProblemBar } from '../ProblemBar'
import type { EnvironmentFieldsProps } from './EnvironmentFields'
import { ImageEnvironment } from './ImageEnvironment'
import { NamedField } from './NamedField'
import { NamedVersion } from './NamedVersion'
import { firstCustomized } from './named'

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalM },
  make: { alignSelf: 'flex-start', fontSize: tokens.fontSizeBase200 },
})

/** An environment with a name, or an image by its reference; only the image while there is none. */
export function CustomizedEnvironment(props: EnvironmentFieldsProps) {
  const styles = useStyles()
  const { t } = useTranslation('environment')
  const { compute, choice, onChange, brief = false } = props
  const { data, error, isFetching, refetch } = useAsk('list_environments', {})
  const environments = data?.environments ?? []
  const undecided = choice.customized === null
  useEffect(() => {
    if (undecided && data) onChange(firstCustomized(choice, data.environments, compute))
  })
  // What is to be filled in is known only now; nothing is shown that would give way again.
  if (!error && (!data || undecided)) return <SkeletonLines lines={2} height={28} />
  const isNamed = choice.kind === 'named'
  const chosen = environments.find(({ id }) => id === choice.environment)
  return (
    <div className={styles.root}>
      {error && !isFetching ? (
        <ProblemBar problem={error.problem} onRetry={() => refetch()} />
      ) : null}
      {environments.length > 0 || isNamed ? (
        <NamedField {...props} environments={environments} />
      ) : null}
      {!isNamed ? (
        <ImageEnvironment {...props} />
      ) : chosen ? (
        <NamedVersion {...props} environment={chosen} />
      ) : null}
      {data && environments.length === 0 && !brief ? (
        <GoLink to={paths.addEnvironment} className={styles.make}>
          {t('named.make')}
        </GoLink>
      ) : null}
    </div>
  )
}
