import {
  Badge,
  Button,
  makeStyles,
  mergeClasses,
  Spinner,
  Text,
  tokens,
} from '@fluentui/react-components'
import {
  CheckmarkCircle20Filled,
  ChevronDown16Regular,
  ChevronRight16Regular,
  Circle20Regular,
  DismissCircle20Filled,
  QuestionCircle20Regular,
  SubtractCircle20Regular,
  Warning20Filled,
} from '@fluentui/react-icons'
import { type ReactElement, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Check, Diagnosis } from '../../../backend/types'
import { Pre } from '../../../components/Pre'
import { formatDuration } from '../../../format'
import { toneColor } from '../../../theme'
import { type Row, rowsOf } from './links'

const useStyles = makeStyles({
  list: {
    display: 'flex',
    flexDirection: 'column',
    margin: 0,
    padding: 0,
    listStyleType: 'none',
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
  },
  row: {
    display: 'grid',
    gridTemplateColumns: '20px 160px 132px minmax(0, 1fr) max-content 24px',
    columnGap: tokens.spacingHorizontalM,
    rowGap: tokens.spacingVerticalXXS,
    alignItems: 'start',
    paddingBlock: tokens.spacingVerticalSNudge,
    paddingInline: tokens.spacingHorizontalM,
    ':not(:last-child)': {
      borderBottom: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke3}`,
    },
    // Under the words there is no room for columns beside them.
    '@media (max-width: 760px)': {
      gridTemplateColumns: '20px minmax(0, 1fr) max-content 24px',
    },
  },
  first: {
    backgroundColor: tokens.colorStatusDangerBackground1,
    boxShadow: `inset 3px 0 0 ${tokens.colorStatusDangerBorder2}`,
  },
  icon: { display: 'flex', height: '20px', alignItems: 'center' },
  good: { color: toneColor.good },
  bad: { color: toneColor.bad },
  warning: { color: toneColor.warning },
  quiet: { color: toneColor.quiet },
  link: { fontWeight: tokens.fontWeightSemibold },
  state: { '@media (max-width: 760px)': { gridColumn: '2 / -1', gridRow: 2 } },
  body: {
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'flex-start',
    rowGap: tokens.spacingVerticalXXS,
    minWidth: 0,
    overflowWrap: 'anywhere',
    '@media (max-width: 760px)': { gridColumn: '2 / -1', gridRow: 3 },
  },
  open: { minWidth: '24px', padding: 0, height: '20px', gridColumn: '-2 / -1', gridRow: 1 },
  seen: {
    gridColumn: '4 / -1',
    minWidth: 0,
    '@media (max-width: 760px)': { gridColumn: '2 / -1' },
  },
  time: {
    color: tokens.colorNeutralForeground3,
    fontVariantNumeric: 'tabular-nums',
    whiteSpace: 'nowrap',
  },
})

type Shown = Check['state'] | 'running' | 'pending'

function StateIcon({ state }: { state: Shown }) {
  const styles = useStyles()
  const icons: Record<Shown, ReactElement> = {
    passed: <CheckmarkCircle20Filled className={styles.good} />,
    broken: <DismissCircle20Filled className={styles.bad} />,
    warning: <Warning20Filled className={styles.warning} />,
    unknown: <QuestionCircle20Regular className={styles.warning} />,
    notReached: <SubtractCircle20Regular className={styles.quiet} />,
    notNeeded: <SubtractCircle20Regular className={styles.quiet} />,
    running: <Spinner size="tiny" aria-hidden="true" />,
    pending: <Circle20Regular className={styles.quiet} />,
  }
  return <span className={styles.icon}>{icons[state]}</span>
}

function CheckRow({ row, state, first }: { row: Row; state: Shown; first: boolean }) {
  const styles = useStyles()
  const { t } = useTranslation('diagnostics')
  const { check, link } = row
  const [open, setOpen] = useState(first)
  const id = useId()
  const seen = check !== null && (check.probe !== '' || check.saw !== '')
  const quiet = state === 'notReached' || state === 'notNeeded' || state === 'pending'
  return (
    <li
      className={mergeClasses(styles.row, first && styles.first)}
      {...(first ? { 'aria-current': true } : {})}
    >
      <StateIcon state={state} />
      <Text className={mergeClasses(styles.link, quiet && styles.quiet)}>{t(`link.${link}`)}</Text>
      <Text className={mergeClasses(styles.state, quiet && styles.quiet)}>
        {t(`state.${state}`)}
      </Text>
      <div className={styles.body}>
        {first ? (
          <Badge appearance="tint" color="danger">
            {t('first')}
          </Badge>
        ) : null}
        {check?.sentence ? (
          <Text {...(quiet ? { className: styles.quiet } : {})}>{check.sentence}</Text>
        ) : null}
      </div>
      <Text className={styles.time}>
        {check && !quiet ? formatDuration(check.milliseconds) : ''}
      </Text>
      {seen ? (
        <>
          <Button
            className={styles.open}
            size="small"
            appearance="transparent"
            icon={open ? <ChevronDown16Regular /> : <ChevronRight16Regular />}
            aria-label={t('seen', { link: t(`link.${link}`) })}
            aria-expanded={open}
            aria-controls={id}
            onClick={() => setOpen(!open)}
          />
          <div id={id} hidden={!open} className={styles.seen}>
            {open && check.probe !== '' ? <div>{check.probe}</div> : null}
            {open && check.saw !== '' ? <Pre>{check.saw}</Pre> : null}
          </div>
        </>
      ) : null}
    </li>
  )
}

/** The chain from the compute to the service, link by link, with what was seen at each. */
export function CheckList({ diagnosis }: { diagnosis: Diagnosis }) {
  const { t } = useTranslation('diagnostics')
  const styles = useStyles()
  const rows = rowsOf(diagnosis)
  const next = rows.findIndex(({ check }) => check === null)
  return (
    <ol className={styles.list} aria-label={t('checks')} aria-busy={diagnosis.running}>
      {rows.map((row, index) => (
        <CheckRow
          // What was seen of the one that broke opens by itself when it is known to be that one.
          key={`${row.link} ${row.link === diagnosis.broken}`}
          row={row}
          state={row.check?.state ?? (index === next ? 'running' : 'pending')}
          first={row.link === diagnosis.broken}
        />
      ))}
    </ol>
  )
}
