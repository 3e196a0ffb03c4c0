import { makeStyles, mergeClasses, Text, tokens } from '@fluentui/react-components'
import { ChevronDown16Regular, ChevronRight16Regular } from '@fluentui/react-icons'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { paths } from '../../app/paths'
import type { Operation } from '../../backend/types'
import { GoLink } from '../../components/GoLink'
import { Lasting, Moment } from '../../components/Moment'
import { OperationProgress } from '../../components/operation/OperationProgress'
import { OperationStateBadge } from '../../components/StatusBadge'
import { isRunning, useRuntime } from '../../state'

const useStyles = makeStyles({
  row: { borderBottom: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}` },
  head: {
    display: 'grid',
    gridTemplateColumns: '16px minmax(160px, 2fr) minmax(120px, 2fr) 112px minmax(96px, 1fr) 88px',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalM,
    width: '100%',
    minHeight: '36px',
    paddingInline: tokens.spacingHorizontalS,
    border: 'none',
    borderRadius: tokens.borderRadiusMedium,
    textAlign: 'start',
    fontFamily: tokens.fontFamilyBase,
    fontSize: tokens.fontSizeBase300,
    color: tokens.colorNeutralForeground1,
    backgroundColor: 'transparent',
    cursor: 'pointer',
    ':hover': { backgroundColor: tokens.colorSubtleBackgroundHover },
    ':focus-visible': { outline: `${tokens.strokeWidthThick} solid ${tokens.colorStrokeFocus2}` },
    '@media (max-width: 999px)': {
      gridTemplateColumns: '16px minmax(0, 1fr) 112px 128px',
    },
  },
  cut: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap', minWidth: 0 },
  wide: { '@media (max-width: 999px)': { display: 'none' } },
  quiet: { color: tokens.colorNeutralForeground3 },
  body: {
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalXXXL}`,
    maxWidth: '720px',
  },
})

/** One operation in a line that opens into its progress. */
export function OperationRow({ operation }: { operation: Operation }) {
  const styles = useStyles()
  const { t } = useTranslation(['activity', 'common', 'operation'])
  // What is under way is what one came to see.
  const [open, setOpen] = useState(isRunning(operation))
  const runtime = useRuntime(operation.runtime)
  const id = useId()
  const { kind, runtimeName: name, from, to, startedBy } = operation
  const change = from && to ? t('operation:fromTo', { from, to }) : (to ?? from ?? '')
  return (
    <li className={styles.row}>
      <button
        type="button"
        className={styles.head}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        {open ? (
          <ChevronDown16Regular aria-hidden="true" />
        ) : (
          <ChevronRight16Regular aria-hidden="true" />
        )}
        <Text weight="semibold" className={styles.cut}>
          {t('row', { kind: t(`common:operationKind.${kind}`), name })}
        </Text>
        <Text className={mergeClasses(styles.cut, styles.wide)}>{change}</Text>
        <OperationStateBadge state={operation.state} />
        <Text className={mergeClasses(styles.cut, styles.quiet)}>
          <Moment time={operation.started} />
        </Text>
        <Text className={mergeClasses(styles.wide, styles.quiet)}>
          <Lasting from={operation.started} to={operation.finished} />
        </Text>
      </button>
      <div id={id} hidden={!open} className={styles.body}>
        {open ? (
          <OperationProgress
            operation={operation}
            actions={
              <>
                {runtime ? (
                  <GoLink to={paths.runtime(runtime.id)}>
                    {t('open', { name: runtime.name })}
                  </GoLink>
                ) : kind === 'create' ? (
                  <GoLink to={paths.operation(operation)}>{t('wizard')}</GoLink>
                ) : null}
                <Text className={styles.quiet}>{t('by', { who: startedBy })}</Text>
              </>
            }
          />
        ) : null}
      </div>
    </li>
  )
}
