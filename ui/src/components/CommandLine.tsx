import { makeStyles, tokens } from '@fluentui/react-components'
import { CopyButton } from './CopyButton'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalS,
    paddingInlineStart: tokens.spacingHorizontalM,
    borderRadius: tokens.borderRadiusMedium,
    color: tokens.colorNeutralForeground1,
    backgroundColor: tokens.colorNeutralBackground3,
  },
  command: {
    flexGrow: 1,
    paddingBlock: tokens.spacingVerticalSNudge,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    overflowWrap: 'anywhere',
    userSelect: 'text',
  },
})

/** A command for a terminal, with a button that copies it; `name` says what it is for. */
export function CommandLine({ command, name }: { command: string; name: string }) {
  const styles = useStyles()
  return (
    <div className={styles.root}>
      <code className={styles.command}>{command}</code>
      <CopyButton text={command} name={name} />
    </div>
  )
}
