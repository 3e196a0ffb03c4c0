import { useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import type { BatchDraft, BatchPreview, FlowRuntime, FlowView } from '../../backend/types'
import { useSettled } from '../../components/useSettled'
import { useAction, useAsk } from '../../state'
import { draftOf, type Form, fieldId, hasPlace, isWrongNumber, NUMBERS, stillTrue } from './form'

/** Milliseconds without a key after which it is asked what would run. */
const SETTLE = 300

const NOTHING_PROPOSED = {}

/** An answer and what it is about. */
interface Answer {
  draft: BatchDraft
  preview: BatchPreview
}

/** The runtimes that are chosen: by the person, else the one that the flow runs on, else the only one. */
function chosenRuntimes(
  form: Form,
  view: FlowView,
  all: readonly FlowRuntime[],
): readonly string[] {
  const usable = all.filter((one) => one.usable).map(({ runtime }) => runtime)
  if (form.runtimes !== null) return form.runtimes
  const remembered = view.runtime?.runtime
  if (remembered !== undefined && usable.includes(remembered)) return [remembered]
  return usable.length === 1 ? usable : []
}

/** The form of a batch run: what is typed, what the application says of it, and the start. */
export function useBatchForm(view: FlowView, all: FlowRuntime[] | undefined, begin: Form) {
  const { t } = useTranslation('batchForm')
  const navigate = useNavigate()
  const [form, setForm] = useState(begin)
  const [tried, setTried] = useState(false)
  const [last, setLast] = useState<Answer | null>(null)
  const start = useAction('start_batch')
  const runtimes = useMemo(() => chosenRuntimes(form, view, all ?? []), [form, view, all])
  const mapping = last?.preview.proposed ?? NOTHING_PROPOSED
  const workers = last?.preview.proposedWorkers ?? 1
  const draft = useMemo(
    () => draftOf(form, view, runtimes, { mapping: mapping as Record<string, string>, workers }),
    [form, view, runtimes, mapping, workers],
  )
  const settled = useSettled(draft, SETTLE)
  const ask = useAsk(
    'preview_batch',
    { draft: settled },
    { keepPrevious: true, enabled: all !== undefined },
  )
  const { data, isPlaceholderData } = ask
  useEffect(() => {
    if (data && !isPlaceholderData) setLast({ draft: settled, preview: data })
  }, [data, isPlaceholderData, settled])
  const now = JSON.stringify(draft)
  const isAnswered = last !== null && JSON.stringify(last.draft) === now
  // What cannot be answered is not waited for, unless it is being asked.
  const isRefused = ask.error !== null && !ask.isFetching && JSON.stringify(settled) === now
  const asking = all === undefined || !(isAnswered || isRefused)
  const preview = last?.preview
  // Of a file that was just named: the sources of the inputs were proposed by this very answer.
  const isFirstLook =
    last !== null &&
    Object.keys(last.draft.mapping).length === 0 &&
    Object.keys(draft.mapping).length > 0
  const told = last ? stillTrue(last.preview.problems, last.draft, draft) : []
  const refused = start.error?.problem ?? null
  const sentences = new Map<string, string>()
  for (const { field, sentence, hints } of [...(refused ? [refused] : []), ...told]) {
    if (field !== null && !sentences.has(field))
      sentences.set(field, [sentence, ...hints].join(' '))
  }
  for (const field of NUMBERS) {
    if (isWrongNumber(field, form[field])) sentences.set(field, t('notWhole'))
  }
  const read = preview?.data != null || form.other !== null
  /** A field that nobody has come to yet is not blamed for being empty. */
  const isDue = (field: string): boolean => {
    if (tried) return true
    if (field === 'file') return form.file !== '' || form.other !== null
    if (field === 'runtimes') return form.runtimes !== null || runtimes.length > 0
    return !field.startsWith('mapping.') || read || form.mapping[field.slice(8)] !== undefined
  }
  return {
    form,
    draft,
    runtimes,
    preview,
    /** The first rows as the flow gets them; `null` = they are being looked at. */
    rows: asking && isFirstLook ? null : (preview?.rows ?? []),
    asking,
    askError: ask.error?.problem ?? null,
    askAgain: () => ask.refetch(),
    starting: start.isPending,
    /** Problems that belong to no field. */
    others: [
      ...(refused && !hasPlace(refused.field) ? [refused] : []),
      ...told.filter(({ field }) => !hasPlace(field)),
    ],
    refused,
    /** How many things have to be changed, once a start was tried. */
    wrong: tried ? sentences.size : 0,
    problemOf: (field: string) => (isDue(field) ? sentences.get(field) : undefined),
    change: (part: Partial<Form>) => {
      if (start.error) start.reset()
      setForm((before) => ({ ...before, ...part }))
    },
    begin: () => {
      if (asking || start.isPending) return
      setTried(true)
      const [first] = sentences.keys()
      if (first !== undefined) {
        const element = document.getElementById(fieldId(first))
        element?.focus({ preventScroll: true })
        element?.scrollIntoView({ block: 'center' })
      }
      if (first !== undefined || told.length > 0) return
      start.mutate(draft, { onSuccess: ({ batch }) => navigate(paths.batch(batch)) })
    },
  }
}

export type BatchFormState = ReturnType<typeof useBatchForm>
