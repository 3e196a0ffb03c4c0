import type { Runtime } from '../../backend/types'
import { ReleaseDialog } from './adopted/ReleaseDialog'
import { DeleteDialog } from './DeleteDialog'

/** Takes a runtime out of the list: one that was only adopted is released, any other is deleted. */
export function RemoveDialog({ runtime, onClose }: { runtime: Runtime; onClose: () => void }) {
  return runtime.adopted === null ? (
    <DeleteDialog runtime={runtime} onClose={onClose} />
  ) : (
    <ReleaseDialog runtime={runtime} onClose={onClose} />
  )
}
