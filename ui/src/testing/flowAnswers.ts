import type { FlowRun, FlowView, Problem, Runtime } from '../backend/types'
import type { Answers } from './fakeBackend'
import { FakeLog, logSource } from './fakeLog'
import * as fixtures from './fixtures'
import * as flows from './flowFixtures'
import { nodeTimes } from './logFixtures'

/** What a pretended application knows of flows. */
export interface FlowWorld {
  flows: FlowView[]
  /** Newest first. */
  flowRuns: FlowRun[]
  runLog: FakeLog
}

export const flowWorld = (): FlowWorld => ({
  flows: [flows.answersFlow({ lastRun: flows.flowRun() }), flows.chatFlow(), flows.flexFlow()],
  flowRuns: flows.pastRuns(),
  runLog: new FakeLog(
    (
      [
        ['Start executing nodes in thread pool mode.'],
        ['Executing node rewrite. node run id: run_rewrite_0', 'rewrite'],
        ['Node rewrite completes.', 'rewrite'],
        ['Executing node search. node run id: run_search_0', 'search'],
        ['[search in line 0] stdout> Looking in 3 indexes', 'search'],
        ['[search in line 0] stdout> 4 documents found', 'search'],
        ['Node search completes.', 'search'],
      ] as const
    ).map(([text, node], index) => ({
      time: fixtures.ago(9000 - index * 1000),
      level: 'info',
      ...(node ? { node } : {}),
      text: `2026-11-24 14:02:0${index} +0000   30394 execution.flow     INFO     ${text}`,
    })),
    {
      live: false,
      sources: [
        logSource({
          name: 'answers',
          runtime: null,
          following: false,
          ended: 'The run has ended.',
        }),
      ],
      commands: [],
      times: nodeTimes(),
    },
  ),
})

/** As the application checks: a value for each input, and JSON where a list or an object is meant. */
function problemsOf(view: FlowView, inputs: { [key in string]?: string }): Problem[] {
  return view.inputs.flatMap(({ name, kind, from }) => {
    const text = inputs[name]
    const say = (sentence: string) => [
      fixtures.problem({ code: 'invalidInput', field: `inputs.${name}`, sentence }),
    ]
    if (text === undefined) return from === 'nowhere' ? say(`${name} needs a value.`) : []
    if (kind === 'int' && !/^-?\d+$/.test(text)) return say(`${name} has to be a whole number.`)
    if (kind !== 'list' && kind !== 'object') return []
    try {
      const value = JSON.parse(text) as unknown
      return (kind === 'list') === Array.isArray(value) ? [] : say(`${name} has to be a ${kind}.`)
    } catch {
      return say(`${name} is no JSON.`)
    }
  })
}

/** Answers about flows in a world in which nothing special happens. */
export function flowAnswers(world: FlowWorld & { runtimes: Runtime[] }): Answers {
  const find = (id: string): FlowView => {
    const found = world.flows.find(({ flow }) => flow === id)
    if (!found) {
      throw fixtures.problem({
        code: 'notFound',
        sentence: 'This flow is not there any more.',
        hints: [`${id} was moved or deleted.`],
      })
    }
    return found
  }
  const findRun = (id: string): FlowRun => {
    const found = world.flowRuns.find((run) => run.id === id)
    if (!found) throw fixtures.problem({ code: 'notFound', sentence: 'This run is not kept.' })
    return found
  }
  const runs = (flow: string) => world.flowRuns.filter((run) => run.flow === flow)
  const change = (id: string, part: Partial<FlowView>) => {
    world.flows = world.flows.map((one) => (one.flow === id ? { ...one, ...part } : one))
  }
  let started = 0
  return {
    list_flows: () => ({
      flows: world.flows.map((view) =>
        flows.recentFlow({ ...view, lastRun: runs(view.flow)[0] ?? null }),
      ),
    }),
    flow: ({ flow }) => find(flow),
    open_flow: ({ path }) => {
      const view = world.flows.find(({ folder, flow }) => folder === path || flow === path)
      if (view) return view
      throw fixtures.problem({
        code: 'invalidInput',
        field: 'path',
        sentence: 'There is no flow in this folder.',
        hints: ['It has to hold a flow.dag.yaml or a flow.flex.yaml.'],
      })
    },
    forget_flow: ({ flow }) => {
      world.flows = world.flows.filter((one) => one.flow !== flow)
      return {}
    },
    read_flow_file: ({ flow, path }) => ({
      path,
      place: `${find(flow).folder}/${path}`,
      text: flows.nodeSource,
      cut: false,
    }),
    flow_runtimes: () => ({ runtimes: flows.flowRuntimes(world.runtimes) }),
    choose_flow_runtime: ({ flow, runtime }) => {
      const name = world.runtimes.find(({ id }) => id === runtime)?.name ?? ''
      change(flow, { runtime: { runtime, name, usable: true, sentence: '' } })
      return {}
    },
    check_flow_fit: () => ({ findings: [] }),
    check_flow_inputs: ({ flow, inputs }) => ({ problems: problemsOf(find(flow), inputs) }),
    list_flow_runs: ({ flow }) => ({ runs: flow === null ? world.flowRuns : runs(flow) }),
    flow_run: ({ run }) => flows.runDetail(findRun(run)),
    run_flow_again: ({ run }) => {
      const earlier = findRun(run)
      started += 1
      const id = `run-again-${started}`
      world.flowRuns = [
        {
          ...earlier,
          id,
          state: 'running',
          started: new Date().toISOString(),
          ended: null,
          failure: null,
          problem: null,
          nodes: earlier.nodes.map(({ node }) => flows.nodeRun(node)),
        },
        ...world.flowRuns,
      ]
      return { run: id }
    },
    flow_run_part: () => ({ text: '[{"title": "all of it"}]', json: true, cut: false, bytes: 24 }),
    start_flow_run: ({ flow, runtime, node, fromNode, from, variants }) => {
      started += 1
      const { name, graph } = find(flow)
      world.flowRuns = [
        flows.flowRun({
          id: `run-started-${started}`,
          flow,
          flowName: name,
          runtime,
          runtimeName: world.runtimes.find(({ id }) => id === runtime)?.name ?? '',
          node,
          fromNode,
          from,
          variants,
          state: 'running',
          started: new Date().toISOString(),
          ended: null,
          duration: null,
          tokens: null,
          nodes: graph.nodes
            .filter((one) => node === null || one.name === node)
            .map((one) => flows.nodeRun(one.name)),
        }),
        ...world.flowRuns,
      ]
      return { run: `run-started-${started}` }
    },
    flow_outside: ({ form }) => ({
      text: {
        curl: flows.asCurl,
        python: 'import json\nimport os\n',
        pf: 'pf flow test --flow /home/anna/flows/answers\n',
      }[form],
      notes:
        form === 'pf'
          ? ['pf runs the flow on the machine where it is called.']
          : [
              'Give this variable a value first: MY_AOAI_API_KEY.',
              'The flow’s files, as they are now, are in /tmp/promptflow-runtimes/flows/5f0c of my-runtime. They stay there as long as its container: after an update, copy the request again.',
            ],
    }),
    cancel_flow_run: () => ({}),
    delete_flow_run: ({ run }) => {
      world.flowRuns = world.flowRuns.filter(({ id }) => id !== run)
      return {}
    },
    delete_flow_runs: ({ flow }) => {
      world.flowRuns = world.flowRuns.filter((run) => run.flow !== flow || run.ended === null)
      return {}
    },
  }
}
