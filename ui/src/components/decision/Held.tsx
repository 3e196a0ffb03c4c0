import {
  MessageBar,
  MessageBarBody,
  makeStyles,
  Spinner,
  Text,
  tokens,
} from '@fluentui/react-components'

const useStyles = makeStyles({
  row: { display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalS },
})

/** What a decision would do is being found out. */
export function Looking({ children }: { children: string }) {
  const styles = useStyles()
  return (
    <div className={styles.row} role="status">
      <Spinner size="tiny" aria-hidden="true" />
      <Text>{children}</Text>
    </div>
  )
}

/** Why a decision did not start, where the reason itself stands above. */
export function NotStarted({ children }: { children: string }) {
  return (
    <MessageBar intent="warning" layout="multiline" role="group">
      <MessageBarBody>{children}</MessageBarBody>
    </MessageBar>
  )
}
