import { Text } from '@fluentui/react-components'
import { type BlockerFunction, useBlocker } from 'react-router'
import { ConfirmDialog } from './ConfirmDialog'

/** Asks before what was typed is lost by going elsewhere. */
export function LeaveDialog({
  asks,
  title,
  body,
  leave,
  stay,
}: {
  /** Whether going there loses something. */
  asks: BlockerFunction
  title: string
  /** What is lost, a sentence. */
  body: string
  leave: string
  stay: string
}) {
  const blocker = useBlocker(asks)
  if (blocker.state !== 'blocked') return null
  return (
    <ConfirmDialog
      title={title}
      confirm={leave}
      cancel={stay}
      pending={false}
      problem={null}
      onConfirm={() => blocker.proceed()}
      onClose={() => blocker.reset()}
    >
      <Text>{body}</Text>
    </ConfirmDialog>
  )
}
