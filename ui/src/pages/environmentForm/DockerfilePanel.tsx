import { makeStyles, Text, tokens } from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import { Card } from '../../components/Card'
import { CopyButton } from '../../components/CopyButton'
import { Pre } from '../../components/Pre'
import { ProblemBar } from '../../components/ProblemBar'
import type { EnvironmentFormState } from './useEnvironmentForm'

const useStyles = makeStyles({
  bases: { display: 'flex', flexDirection: 'column', overflowWrap: 'anywhere' },
  list: { margin: 0, paddingInlineStart: tokens.spacingHorizontalL, userSelect: 'text' },
  head: { display: 'flex', alignItems: 'flex-end', ':empty': { display: 'none' } },
  copy: { marginInlineStart: 'auto' },
  quiet: { color: tokens.colorNeutralForeground3 },
})

/** What would be built, as the form stands. */
export function DockerfilePanel({ form }: { form: EnvironmentFormState }) {
  const styles = useStyles()
  const { t } = useTranslation('environmentForm')
  const { data, error, refetch } = form.check
  const built = form.typed.kind === 'packages' || form.typed.kind === 'buildContext'
  const dockerfile = built ? (data?.dockerfile ?? null) : null
  const bases = built ? (data?.bases ?? []) : []
  return (
    <Card heading={t('panel.heading')}>
      {error ? (
        <ProblemBar
          problem={error.problem}
          outcome={t('panel.cannotCheck')}
          onRetry={() => refetch()}
        />
      ) : null}
      {form.general.map((problem) => (
        <ProblemBar key={problem.sentence} problem={problem} />
      ))}
      <div className={styles.head}>
        {bases.length > 0 ? (
          <div className={styles.bases}>
            <Text className={styles.quiet}>{t('panel.bases')}</Text>
            <ul className={styles.list} aria-label={t('panel.bases')}>
              {bases.map((base) => (
                <li key={base}>{base}</li>
              ))}
            </ul>
          </div>
        ) : null}
        {dockerfile !== null ? (
          <div className={styles.copy}>
            <CopyButton text={dockerfile} name={t('panel.copy')} />
          </div>
        ) : null}
      </div>
      {dockerfile !== null ? (
        <Pre>{dockerfile}</Pre>
      ) : (
        <Text className={styles.quiet}>{t(built ? 'panel.notYet' : 'panel.nothing')}</Text>
      )}
    </Card>
  )
}
