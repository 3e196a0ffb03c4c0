import { lazy, Suspense } from 'react'
import type { Runtime } from '../../backend/types'

const UpdateDialog = lazy(() => import('../update/UpdateDialog'))
const RollBackDialog = lazy(() => import('../update/RollBackDialog'))

interface Props {
  runtime: Runtime
  open: boolean
  onClose: () => void
}

/** The dialog to update, loaded when it is first opened. */
export function UpdateDialogPart({
  initialVersion,
  ...props
}: Props & { initialVersion: string | null }) {
  if (!props.open) return null
  return (
    <Suspense fallback={null}>
      <UpdateDialog {...props} {...(initialVersion === null ? {} : { initialVersion })} />
    </Suspense>
  )
}

/** The dialog to roll back, loaded when it is first opened. */
export function RollBackDialogPart(props: Props) {
  if (!props.open) return null
  return (
    <Suspense fallback={null}>
      <RollBackDialog {...props} />
    </Suspense>
  )
}
