import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import type { FlowRun, FlowRuntime, FlowView, RunAgain } from '../../backend/types'
import { isActive } from '../../components/flow/states'
import { useAction, useAsk, useLiveFlowRuns } from '../../state'
import { changed, given, limitOf, useDraft } from './draft'
import { type FlowPage, PANEL, type Place, type StartedBy } from './page'

/** Brings the panel beside the graph into view, with the focus: what leads there may stand far below. */
function showPanel(): void {
  // It shows something else after this.
  setTimeout(() => document.getElementById(PANEL)?.focus())
}

/** Runs that the page was told of while it is open stand in for older answers. */
export function newestRuns(
  recorded: readonly FlowRun[],
  told: readonly FlowRun[],
  flow: string,
): FlowRun[] {
  const byId = new Map(recorded.map((run) => [run.id, run]))
  for (const run of told) if (run.flow === flow) byId.set(run.id, run)
  return [...byId.values()].sort((one, other) => other.started.localeCompare(one.started))
}

/** The runtimes to choose from and the one that is chosen: by the person, else the only one there is. */
export function useRuntimeChoice(view: FlowView) {
  const client = useQueryClient()
  const { data, error } = useAsk('flow_runtimes', { flow: view.flow })
  const choose = useAction('choose_flow_runtime')
  const usable = data?.runtimes.filter((one) => one.usable) ?? []
  const pending = choose.isPending || choose.isSuccess ? choose.variables?.runtime : undefined
  const only = usable.length === 1 ? usable[0]?.runtime : undefined
  const id = pending ?? view.runtime?.runtime ?? only ?? null
  const runtime = data?.runtimes.find((one) => one.runtime === id) ?? null
  return {
    runtimes: data?.runtimes,
    error: error ?? choose.error,
    runtime,
    choose: (runtime: string) =>
      choose.mutate(
        { flow: view.flow, runtime, variants: {} },
        { onSuccess: () => client.invalidateQueries({ queryKey: ['flow', { flow: view.flow }] }) },
      ),
  }
}

/** Why nothing can be run; `null` = it can. */
function useHindrance(
  view: FlowView,
  runtimes: FlowRuntime[] | undefined,
  runtime: FlowRuntime | null,
): string | null {
  const { t } = useTranslation('flow')
  if (view.model === null || view.problems.some(({ severity }) => severity === 'error')) {
    return t('hindered.problems')
  }
  if (runtimes === undefined) return t('hindered.looking')
  if (runtimes.length === 0) return t('hindered.noRuntime')
  if (runtime === null) return t('hindered.choose')
  return runtime.usable ? null : runtime.sentence
}

/** Which of the runs is shown, and all of it. */
function useShownRun(runs: FlowRun[] | undefined, wanted: string | null, last: FlowRun | null) {
  const known = wanted === null ? (runs?.[0] ?? last) : runs?.find(({ id }) => id === wanted)
  const id = wanted ?? known?.id ?? null
  const { data, error } = useAsk('flow_run', { run: id ?? '' }, { enabled: id !== null })
  return { run: known ?? data?.run ?? null, detail: data, detailError: error }
}

/** Everything that the parts of the page share. */
export function usePage(
  view: FlowView,
  runtimes: FlowRuntime[] | undefined,
  runtime: FlowRuntime | null,
): FlowPage {
  const { flow } = view
  const client = useQueryClient()
  const [search, setSearch] = useSearchParams()
  const [draft, change] = useDraft(flow)
  const hindrance = useHindrance(view, runtimes, runtime)
  const { data, error: runsError } = useAsk('list_flow_runs', { flow })
  const told = useLiveFlowRuns()
  const runs = useMemo(
    () => (data ? newestRuns(data.runs, told, flow) : undefined),
    [data, told, flow],
  )
  const shown = useShownRun(runs, search.get('run'), view.lastRun)
  const begin = useAction('start_flow_run')
  const repeat = useAction('run_flow_again')
  const [by, setBy] = useState<StartedBy>('flow')
  const line = Number(search.get('line') ?? Number.NaN)
  // What the address is to be: an answer and a click may come before the last change of it is drawn, and
  // none of them takes back what another one did.
  const wanted = useRef(search)
  const own = useRef<string[]>([])
  useEffect(() => {
    const drawn = own.current.indexOf(search.toString())
    if (drawn >= 0) {
      // One of ours; a later one may be on its way.
      own.current.splice(0, drawn + 1)
    } else {
      own.current = []
      wanted.current = search
    }
  }, [search])
  const go = (place: Place) => {
    const after = new URLSearchParams(wanted.current)
    for (const [key, value] of Object.entries(place)) {
      if (value === null || value === undefined) after.delete(key)
      else after.set(key, value)
    }
    wanted.current = after
    own.current.push(after.toString())
    setSearch(after, { replace: true })
  }
  const proposal = () =>
    runtime === null
      ? null
      : {
          flow,
          runtime: runtime.runtime,
          inputs: given(view.inputs, draft.inputs),
          init: given(view.init, draft.init),
          variants: { ...draft.variants },
          connections: [...draft.connections],
          node: null,
          fromNode: null,
          from: null,
          limit: limitOf(draft.limit) ?? null,
        }
  const start: FlowPage['start'] = (by, part, then) => {
    const whole = proposal()
    if (begin.isPending || repeat.isPending || whole === null) return
    setBy(by)
    go({ tab: null })
    begin.mutate(
      { ...whole, ...part },
      {
        onSuccess: ({ run }) => {
          client.invalidateQueries({ queryKey: ['list_flow_runs', { flow }] })
          go({ run })
          then?.(run)
        },
      },
    )
  }
  const startAgain = ({ start: before, missing }: RunAgain) => {
    const { inputs, init, variants, connections, limit } = before
    // What is not kept must not be what happens to be proposed.
    const asked = (group: string) =>
      Object.fromEntries(
        missing
          .filter((field) => field.startsWith(`${group}.`))
          .map((field) => [field.slice(group.length + 1), '']),
      )
    const [first] = missing
    change({
      inputs: { ...changed(view.inputs, inputs), ...asked('inputs') },
      init: { ...changed(view.init, init), ...asked('init') },
      variants: { ...(variants as Record<string, string>) },
      connections,
      limit: limit === null ? '' : String(limit),
      tried: true,
      focus: first ?? null,
    })
    if (first !== undefined) {
      go({ node: null, file: null, line: null, side: 'inputs' })
      return
    }
    const usable = runtimes?.some((one) => one.usable && one.runtime === before.runtime) === true
    start('again', usable || runtime === null ? before : { ...before, runtime: runtime.runtime })
  }
  const again: FlowPage['again'] = (earlier, limit) => {
    if (begin.isPending || repeat.isPending) return
    setBy('again')
    begin.reset()
    go({ tab: null })
    repeat.mutate(
      { run: earlier, limit: limit ?? null },
      {
        onSuccess: ({ run }) => {
          client.invalidateQueries({ queryKey: ['list_flow_runs', { flow }] })
          go({ run })
        },
      },
    )
  }
  const failed = by === 'again' ? repeat.error : begin.error
  return {
    view,
    draft,
    change,
    runtime,
    runs,
    runsError,
    ...shown,
    active: runs?.find(isActive) ?? null,
    node: search.get('node'),
    file: search.get('file'),
    line: Number.isNaN(line) ? null : line,
    go,
    showNode: (node) => {
      go({ node, file: null, line: null })
      showPanel()
    },
    showPlace: ({ file, line, node }) => {
      go({ node, file, line: line > 0 ? String(line) : null })
      showPanel()
    },
    hindrance,
    proposal,
    start,
    startAgain,
    again,
    showRun: (run) => {
      client.invalidateQueries({ queryKey: ['list_flow_runs', { flow }] })
      go({ run, tab: null })
    },
    starting: begin.isPending || repeat.isPending ? by : null,
    startProblem: failed ? { by, problem: failed.problem } : null,
  }
}
