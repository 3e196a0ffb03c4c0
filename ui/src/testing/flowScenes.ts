import type { World } from './fakeBackend'
import * as fixtures from './fixtures'
import * as flows from './flowFixtures'

const never = () => new Promise<never>(() => undefined)

const unreadable = () => {
  throw fixtures.problem({
    code: 'storage',
    sentence: 'The list of flows cannot be read.',
    hints: ['Check the rights of the data folder, then try again.'],
    retry: true,
  })
}

const manyNodes = (count: number) => {
  const names = Array.from({ length: count }, (_, index) => `step_${index + 1}`)
  const view = flows.answersFlow()
  return flows.answersFlow({
    model: view.model ? { ...view.model, nodes: names.map((name) => flows.flowNode(name)) } : null,
    graph: {
      nodes: names.map((name, index) => ({
        name,
        level: Math.floor(index / 5),
        aggregation: false,
        inputs: index < 5 ? ['question'] : [],
        outputs: index > count - 3 ? ['answer'] : [],
      })),
      edges: names.flatMap((name, index) =>
        index < 5 ? [] : [{ from: `step_${index - 4}`, to: name, kind: 'data' as const }],
      ),
      circle: [],
    },
  })
}

/** Scenes of flows: `?scene=NAME#/flows`, or the page of one as `flowAddress` spells it. */
export const flowScenes: Record<string, () => Partial<World>> = {
  noFlows: () => ({ flows: [] }),
  flowsLoading: () => ({ answers: { list_flows: never, flow: never } }),
  flowsFailed: () => ({ answers: { list_flows: unreadable, flow: unreadable } }),
  flowMoved: () => ({
    flows: [flows.answersFlow()],
    answers: {
      list_flows: () => ({
        flows: [
          flows.recentFlow(flows.answersFlow({ lastRun: flows.failedRun() }), { there: false }),
          flows.recentFlow(flows.chatFlow({ runtime: null })),
        ],
      }),
    },
  }),
  flowNew: () => ({ flows: [flows.answersFlow({ runtime: null })], flowRuns: [] }),
  flowRuns: () => ({ flowRuns: [flows.runningRun(), ...flows.pastRuns()] }),
  flowFailed: () => ({ flowRuns: [flows.failedRun()] }),
  flowProblems: () => ({
    flows: [flows.answersFlow({ problems: flows.flowProblems })],
  }),
  flowUnreadable: () => ({
    flowRuns: [],
    flows: [
      flows.answersFlow({
        model: null,
        graph: { nodes: [], edges: [], circle: [] },
        inputs: [],
        problems: [
          flows.flowProblem({
            kind: 'syntax',
            sentence: 'Line 14 is no YAML: a mapping was expected.',
            hint: '',
            line: 14,
            node: null,
          }),
        ],
      }),
    ],
  }),
  flowLacks: () => ({ answers: { check_flow_fit: () => ({ findings: flows.flowFindings }) } }),
  flowRuntimeGone: () => ({
    flows: [
      flows.answersFlow({
        runtime: {
          runtime: 'gone',
          name: 'old-runtime',
          usable: false,
          sentence: 'It does not exist any more.',
        },
      }),
    ],
  }),
  noRuntimeForFlow: () => ({ runtimes: [], flows: [flows.answersFlow({ runtime: null })] }),
  flowLarge: () => ({ flows: [manyNodes(60)], flowRuns: [] }),
}
