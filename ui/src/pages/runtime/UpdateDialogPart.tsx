import { type ComponentType, lazy, Suspense } from 'react'
import type { Runtime } from '../../backend/types'

interface Props {
  runtime: Runtime
  open: boolean
  onClose: () => void
  initialVersion?: string
}

const found = import.meta.glob<{ default: ComponentType<Props> }>('../update/UpdateDialog.tsx')
const load = found['../update/UpdateDialog.tsx']
const UpdateDialog = load ? lazy(load) : null

/** The update dialog, loaded when it is first opened. */
export function UpdateDialogPart(props: Props) {
  if (!props.open || !UpdateDialog) return null
  return (
    <Suspense fallback={null}>
      <UpdateDialog {...props} />
    </Suspense>
  )
}
