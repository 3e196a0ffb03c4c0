import { useState } from 'react'
import type { Batch } from '../../backend/types'

/** Which of the batch runs on screen are chosen; what is not shown any more is not. */
export function useChosen(batches: readonly Batch[]) {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set())
  return {
    ids,
    chosen: batches.filter(({ id }) => ids.has(id)),
    choose: (id: string, chosen: boolean) =>
      setIds((before) => {
        const after = new Set(before)
        if (chosen) after.add(id)
        else after.delete(id)
        return after
      }),
    clear: () => setIds(new Set()),
  }
}
