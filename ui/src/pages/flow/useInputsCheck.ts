import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { useSettled } from '../../components/useSettled'
import { question, useAsk } from '../../state'
import { byField, given, limitOf } from './draft'
import { useFlowPage } from './page'

/** Milliseconds without a key after which the inputs are looked at. */
const SETTLE = 250

/** Id of the field of an input: `inputs.NAME` or `init.NAME`. */
export const fieldId = (field: string) => `flow-${field}`

/** What is wrong with the inputs as they are typed. */
export function useInputsCheck() {
  const client = useQueryClient()
  const { view, draft, change, go } = useFlowPage()
  const request = useMemo(
    () => ({
      flow: view.flow,
      node: null,
      inputs: given(view.inputs, draft.inputs),
      init: given(view.init, draft.init),
    }),
    [view.flow, view.inputs, view.init, draft.inputs, draft.init],
  )
  const settled = useSettled(request, SETTLE)
  const { data } = useAsk('check_flow_inputs', settled, {
    keepPrevious: true,
    enabled: view.inputs.length + view.init.length > 0 && view.model !== null,
  })
  const problems = useMemo(() => (data ? byField(data) : new Map<string, string>()), [data])
  const focus = (field: string) => {
    // A step, a file or the chat may stand in its place.
    go({ node: null, file: null, line: null, side: 'inputs' })
    change({ focus: field })
  }
  /** Looks at what is typed now; the first field that is wrong gets the focus. */
  const passes = async (): Promise<boolean> => {
    if (limitOf(draft.limit) === undefined) {
      focus('limit')
      return false
    }
    if (view.inputs.length + view.init.length === 0) return true
    try {
      const found = byField(await client.fetchQuery(question('check_flow_inputs', request)))
      const [first] = found.keys()
      if (first === undefined) return true
      focus(first)
      return false
    } catch {
      // The start itself tells what is wrong.
      return true
    }
  }
  return { problems, passes }
}

/** Gives a field the focus when it is wanted there. */
export function useWantedFocus(field: string): void {
  const { draft, change } = useFlowPage()
  const wanted = draft.focus === field
  useEffect(() => {
    if (!wanted) return
    const element = document.getElementById(fieldId(field))
    element?.focus({ preventScroll: true })
    // What is wrong stands under it.
    element?.scrollIntoView({ block: 'center' })
    change({ focus: null })
  }, [wanted, field, change])
}
