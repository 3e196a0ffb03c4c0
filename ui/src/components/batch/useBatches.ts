import { useAsk } from '../../state'
import { useSettled } from '../useSettled'

/** Milliseconds without a key after which it is searched. */
const SETTLE = 200

/** Batch runs of a flow, or of all, that hold the words that are searched for; newest first. */
export function useBatches(flow: string | null, text = '') {
  const settled = useSettled(text.trim(), SETTLE)
  return useAsk('list_batches', { flow, text: settled }, { keepPrevious: true })
}
