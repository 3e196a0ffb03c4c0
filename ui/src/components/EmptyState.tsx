import { makeStyles, Subtitle2, Text, tokens } from '@fluentui/react-components'
import type { ReactNode } from 'react'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'center',
    textAlign: 'center',
    rowGap: tokens.spacingVerticalM,
    paddingBlock: '64px',
    paddingInline: tokens.spacingHorizontalXXL,
  },
  title: { margin: 0 },
  body: { maxWidth: '480px', color: tokens.colorNeutralForeground2 },
  icon: { fontSize: '40px', lineHeight: 0, color: tokens.colorBrandForeground1 },
})

/** What something is for while there is none of it yet, and the one action. */
export function EmptyState({
  icon,
  title,
  children,
  action,
}: {
  icon?: ReactNode
  title: string
  children: ReactNode
  action?: ReactNode
}) {
  const styles = useStyles()
  return (
    <div className={styles.root}>
      {icon ? (
        <span className={styles.icon} aria-hidden="true">
          {icon}
        </span>
      ) : null}
      <Subtitle2 as="h2" className={styles.title}>
        {title}
      </Subtitle2>
      <Text align="center" className={styles.body}>
        {children}
      </Text>
      {action}
    </div>
  )
}
