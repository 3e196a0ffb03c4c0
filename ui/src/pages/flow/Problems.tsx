import { Link, makeStyles, mergeClasses, Text, tokens } from '@fluentui/react-components'
import { ErrorCircle16Regular, Warning16Regular } from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import type { FlowProblem } from '../../backend/types'
import { Fold } from '../../components/Fold'
import { toneColor } from '../../theme'
import { useFlowPage } from './page'

const useStyles = makeStyles({
  root: {
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}`,
    borderRadius: tokens.borderRadiusMedium,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    backgroundColor: tokens.colorNeutralBackground2,
  },
  list: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalXS,
    margin: 0,
    padding: 0,
    listStyleType: 'none',
  },
  item: {
    display: 'grid',
    gridTemplateColumns: '16px minmax(0, 1fr) max-content',
    columnGap: tokens.spacingHorizontalS,
    alignItems: 'start',
    '@media (max-width: 700px)': { gridTemplateColumns: '16px minmax(0, 1fr)' },
  },
  mark: { lineHeight: 0, paddingTop: '2px' },
  error: { color: toneColor.bad },
  warning: { color: toneColor.warning },
  words: { overflowWrap: 'anywhere', userSelect: 'text' },
  place: {
    fontSize: tokens.fontSizeBase200,
    textAlign: 'start',
    '@media (max-width: 700px)': { gridColumn: 2, justifySelf: 'start' },
  },
})

function Problem({ problem }: { problem: FlowProblem }) {
  const styles = useStyles()
  const { t } = useTranslation('flow')
  const { showPlace } = useFlowPage()
  const { severity, sentence, hint, file, line, node } = problem
  const place = line > 0 ? t('problems.place', { file, line }) : file
  return (
    <li className={styles.item}>
      <span
        className={mergeClasses(styles.mark, styles[severity])}
        role="img"
        aria-label={t(`problems.${severity}`)}
      >
        {severity === 'error' ? <ErrorCircle16Regular /> : <Warning16Regular />}
      </span>
      <Text className={styles.words}>{hint ? `${sentence} ${hint}` : sentence}</Text>
      <Link className={styles.place} onClick={() => showPlace({ file, line, node })}>
        {node === null ? place : t('problems.inNode', { node, place })}
      </Link>
    </li>
  )
}

/** What is wrong with the flow, errors first; each leads to its place. */
export function Problems() {
  const styles = useStyles()
  const { t } = useTranslation('flow')
  const { problems } = useFlowPage().view
  if (problems.length === 0) return null
  const errors = problems.filter(({ severity }) => severity === 'error').length
  const warnings = problems.length - errors
  const label = [
    ...(errors > 0 ? [t('problems.errors', { count: errors })] : []),
    ...(warnings > 0 ? [t('problems.warnings', { count: warnings })] : []),
  ].join(', ')
  return (
    <section className={styles.root} aria-label={t('problems.label')}>
      <Fold label={label} open={errors > 0 || warnings < 4}>
        <ul className={styles.list}>
          {problems.map((problem) => (
            <Problem key={JSON.stringify(problem)} problem={problem} />
          ))}
        </ul>
      </Fold>
    </section>
  )
}
