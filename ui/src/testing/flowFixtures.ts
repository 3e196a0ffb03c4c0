import type {
  Finding,
  Flow,
  FlowFinding,
  FlowInput,
  FlowNode,
  FlowProblem,
  FlowRun,
  FlowRunDetail,
  FlowRuntime,
  FlowView,
  Graph,
  NodeRun,
  Problem,
  ProposedInput,
  RecentFlow,
  Runtime,
  ShownValue,
  ValueKind,
} from '../backend/types'
import { ago, problem } from './fixtures'

/** Flows that look like a person's own, for tests and the gallery. */

export const ANSWERS = '/home/anna/flows/answers/flow.dag.yaml'
export const CHAT = '/home/anna/flows/support-chat/flow.dag.yaml'
export const FLEX = '/home/anna/flows/summary/flow.flex.yaml'

const MINUTE = 60_000

/** A reference as a flow's file spells it. */
const spelled = (what: string) => `\${${what}}`

export function flowInput(
  name: string,
  kind: ValueKind,
  parts: Partial<FlowInput> = {},
): FlowInput {
  return {
    name,
    kind,
    written: kind,
    default: null,
    description: '',
    isChatInput: false,
    isChatHistory: false,
    line: 3,
    ...parts,
  }
}

export function flowNode(name: string, parts: Partial<FlowNode> = {}): FlowNode {
  return {
    name,
    kind: 'python',
    written: 'python',
    source: { kind: 'code', path: `${name}.py`, tool: null },
    inputs: [],
    connection: null,
    api: null,
    provider: null,
    module: null,
    aggregation: false,
    activate: null,
    useVariants: false,
    comment: '',
    line: 12,
    ...parts,
  }
}

const of = (name: string, reference: string) => ({
  name,
  value: spelled(reference),
  reference: reference.startsWith('inputs.')
    ? { kind: 'input' as const, name: reference.slice(7) }
    : { kind: 'node' as const, name: reference.split('.')[0] ?? '', path: '' },
  line: 14,
})

const answerVariant = (id: string) => ({
  id,
  line: 60,
  node: flowNode('answer', {
    kind: 'llm',
    written: 'llm',
    source: { kind: 'code', path: `answer_${id}.jinja2`, tool: null },
    connection: 'team_openai',
    api: 'chat',
    provider: 'AzureOpenAI',
    inputs: [
      { name: 'deployment_name', value: 'gpt-4o', reference: null, line: 62 },
      { name: 'temperature', value: 0.2, reference: null, line: 63 },
      of('question', 'inputs.question'),
      of('context', 'context.output'),
    ],
  }),
})

const answersNodes: FlowNode[] = [
  flowNode('rewrite', {
    kind: 'prompt',
    written: 'prompt',
    source: { kind: 'code', path: 'rewrite.jinja2', tool: null },
    inputs: [of('question', 'inputs.question')],
  }),
  flowNode('search', {
    inputs: [
      of('question', 'inputs.question'),
      of('count', 'inputs.count'),
      { name: 'store', value: 'team_search', reference: null, line: 24 },
    ],
  }),
  flowNode('web_search', {
    source: { kind: 'package', path: null, tool: 'promptflow.tools.serpapi.SerpAPI.search' },
    written: 'python',
    kind: 'other',
    inputs: [of('query', 'rewrite.output')],
    activate: {
      when: spelled('inputs.deep'),
      reference: { kind: 'input', name: 'deep' },
      is: true,
      line: 31,
    },
  }),
  flowNode('context', { inputs: [of('found', 'search.output'), of('web', 'web_search.output')] }),
  flowNode('answer', {
    kind: 'llm',
    written: '',
    source: null,
    useVariants: true,
    inputs: [],
  }),
  flowNode('grade', { inputs: [of('answer', 'answer.output')] }),
  flowNode('count_grades', { aggregation: true, inputs: [of('grades', 'grade.output')] }),
]

const answersGraph: Graph = {
  nodes: [
    { name: 'rewrite', level: 0, aggregation: false, inputs: ['question'], outputs: [] },
    { name: 'search', level: 0, aggregation: false, inputs: ['question', 'count'], outputs: [] },
    { name: 'web_search', level: 1, aggregation: false, inputs: ['deep'], outputs: [] },
    { name: 'context', level: 2, aggregation: false, inputs: [], outputs: ['sources'] },
    { name: 'answer', level: 3, aggregation: false, inputs: ['question'], outputs: ['answer'] },
    { name: 'grade', level: 4, aggregation: false, inputs: [], outputs: [] },
    { name: 'count_grades', level: 5, aggregation: true, inputs: [], outputs: [] },
  ],
  edges: [
    { from: 'rewrite', to: 'web_search', kind: 'data' },
    { from: 'search', to: 'context', kind: 'data' },
    { from: 'web_search', to: 'context', kind: 'data' },
    { from: 'context', to: 'answer', kind: 'data' },
    { from: 'answer', to: 'grade', kind: 'data' },
    { from: 'grade', to: 'count_grades', kind: 'data' },
  ],
  circle: [],
}

const answersModel: Flow = {
  kind: 'dag',
  displayName: 'Answers',
  description: 'Answers a question from the team’s documents, and from the web where wanted.',
  inputs: [
    flowInput('question', 'string', { description: 'What a person wants to know.' }),
    flowInput('count', 'int', { default: 4 }),
    flowInput('deep', 'bool', { default: false }),
    flowInput('filters', 'object', { default: {} }),
    flowInput('languages', 'list'),
  ],
  outputs: [
    {
      name: 'answer',
      written: 'string',
      reference: spelled('answer.output'),
      isChatOutput: false,
      line: 9,
    },
    {
      name: 'sources',
      written: 'list',
      reference: spelled('context.output'),
      isChatOutput: false,
      line: 10,
    },
  ],
  nodes: answersNodes,
  variants: [
    {
      node: 'answer',
      default: 'short',
      variants: [answerVariant('short'), answerVariant('careful')],
      line: 58,
    },
  ],
  environmentVariables: [],
  additionalIncludes: [],
  environment: { requirements: 'requirements.txt', image: null },
  entry: null,
  init: [],
  chat: null,
}

const proposed = (
  name: string,
  kind: ValueKind,
  text: string,
  from: ProposedInput['from'],
): ProposedInput => ({ name, kind, text, from })

/** A flow with all that a flow may have. */
export function answersFlow(parts: Partial<FlowView> = {}): FlowView {
  return {
    flow: ANSWERS,
    name: 'answers',
    folder: '/home/anna/flows/answers',
    file: 'flow.dag.yaml',
    model: answersModel,
    graph: answersGraph,
    problems: [],
    connections: [
      { name: 'team_openai', nodes: ['answer'], known: true },
      { name: 'team_search', nodes: ['search'], known: false },
    ],
    connectionInputs: [
      { node: 'answer', input: 'connection', types: ['azureOpenAi', 'openAi'] },
      { node: 'search', input: 'store', types: ['cognitiveSearch'] },
    ],
    inputs: [
      proposed('question', 'string', 'How do I roll back a runtime?', 'lastRun'),
      proposed('count', 'int', '4', 'default'),
      proposed('deep', 'bool', 'false', 'default'),
      proposed('filters', 'object', '{"team":"platform","year":2026}', 'sample'),
      proposed('languages', 'list', '', 'nowhere'),
    ],
    init: [],
    runtime: {
      runtime: '7f0c2f0e-4b0e-4a53-9f0a-000000000001',
      name: 'my-runtime',
      usable: true,
      sentence: '',
    },
    lastRun: null,
    requirements: '/home/anna/flows/answers/requirements.txt',
    ...parts,
  }
}

/** A chat with a history. */
export function chatFlow(parts: Partial<FlowView> = {}): FlowView {
  return {
    ...answersFlow(),
    flow: CHAT,
    name: 'support-chat',
    folder: '/home/anna/flows/support-chat',
    model: {
      ...answersModel,
      displayName: 'Support chat',
      description: '',
      inputs: [
        flowInput('chat_history', 'list', { isChatHistory: true, default: [] }),
        flowInput('question', 'string', { isChatInput: true }),
      ],
      outputs: [
        {
          name: 'answer',
          written: 'string',
          reference: spelled('chat.output'),
          isChatOutput: true,
          line: 12,
        },
      ],
      nodes: [
        flowNode('chat', {
          kind: 'llm',
          written: 'llm',
          source: { kind: 'code', path: 'chat.jinja2', tool: null },
          connection: 'team_openai',
          api: 'chat',
          inputs: [of('question', 'inputs.question'), of('chat_history', 'inputs.chat_history')],
        }),
      ],
      variants: [],
      chat: { input: 'question', history: 'chat_history', output: 'answer' },
    },
    graph: {
      nodes: [
        {
          name: 'chat',
          level: 0,
          aggregation: false,
          inputs: ['chat_history', 'question'],
          outputs: ['answer'],
        },
      ],
      edges: [],
      circle: [],
    },
    connections: [{ name: 'team_openai', nodes: ['chat'], known: true }],
    connectionInputs: [{ node: 'chat', input: 'connection', types: ['azureOpenAi', 'openAi'] }],
    inputs: [
      proposed('chat_history', 'list', '[]', 'default'),
      proposed('question', 'string', '', 'nowhere'),
    ],
    ...parts,
  }
}

/** One function, with a constructor. */
export function flexFlow(parts: Partial<FlowView> = {}): FlowView {
  return {
    ...answersFlow(),
    flow: FLEX,
    name: 'summary',
    folder: '/home/anna/flows/summary',
    file: 'flow.flex.yaml',
    model: {
      ...answersModel,
      kind: 'flex',
      displayName: '',
      description: '',
      inputs: [flowInput('text', 'string'), flowInput('picture', 'image')],
      outputs: [],
      nodes: [],
      variants: [],
      entry: 'summary:Summary',
      init: [flowInput('words', 'int', { default: 80 })],
    },
    graph: { nodes: [], edges: [], circle: [] },
    connections: [],
    connectionInputs: [],
    inputs: [
      proposed('text', 'string', 'Prompt flow runs in containers.', 'sample'),
      proposed('picture', 'image', '', 'nowhere'),
    ],
    init: [proposed('words', 'int', '80', 'default')],
    ...parts,
  }
}

export function flowProblem(parts: Partial<FlowProblem> = {}): FlowProblem {
  return {
    severity: 'error',
    kind: 'unknownReference',
    sentence: `The input question of answer takes ${spelled('fetch.output')}, but there is no node fetch.`,
    hint: 'Name one of the nodes, or add this one.',
    file: 'flow.dag.yaml',
    line: 41,
    column: 18,
    node: 'answer',
    ...parts,
  }
}

/** Problems of every weight, with and without a node. */
export const flowProblems: FlowProblem[] = [
  flowProblem(),
  flowProblem({
    kind: 'fileMissing',
    sentence: 'search.py is not in the folder.',
    hint: '',
    line: 22,
    node: 'search',
  }),
  flowProblem({
    severity: 'warning',
    kind: 'unusedNode',
    sentence: 'Nothing takes what grade gives.',
    hint: 'Take it out, or make it an output.',
    line: 52,
    node: 'grade',
  }),
  flowProblem({
    severity: 'warning',
    kind: 'form',
    sentence: 'The field environmnt is not known.',
    hint: '',
    line: 3,
    node: null,
  }),
]

export function recentFlow(view: FlowView, parts: Partial<RecentFlow> = {}): RecentFlow {
  const { flow, name, folder, runtime, lastRun, model, problems } = view
  return {
    flow,
    name,
    folder,
    there: true,
    kind: model?.kind ?? null,
    errors: problems.filter(({ severity }) => severity === 'error').length,
    opened: ago(20 * MINUTE),
    runtime: runtime?.runtime ?? null,
    lastRun,
    ...parts,
  }
}

/** A run as a command line. */
export const asCurl = `curl --silent --show-error http://127.0.0.1:8080/execution/flow \\
  --header 'Content-Type: application/json' \\
  --data-binary '{"connections":{"my_aoai":{"type":"AzureOpenAIConnection","value":{"api_key":"'"$MY_AOAI_API_KEY"'"}}},"flow_file":"flow.dag.yaml","inputs":{"question":"How do I go back?"}}'
`

export function nodeRun(node: string, parts: Partial<NodeRun> = {}): NodeRun {
  return {
    node,
    state: 'waiting',
    started: null,
    ended: null,
    duration: null,
    slow: null,
    failure: null,
    tokens: null,
    takenOver: false,
    ...parts,
  }
}

const done = (node: string, before: number, length: number, parts: Partial<NodeRun> = {}) =>
  nodeRun(node, {
    state: 'completed',
    started: ago(before),
    ended: ago(before - length),
    duration: length / 1000,
    ...parts,
  })

/** A run of the answers that is over and went well. */
export function flowRun(parts: Partial<FlowRun> = {}): FlowRun {
  const at = 12 * MINUTE
  return {
    id: 'run-completed',
    flow: ANSWERS,
    flowName: 'answers',
    runtime: '7f0c2f0e-4b0e-4a53-9f0a-000000000001',
    runtimeName: 'my-runtime',
    version: '20240429.v8',
    node: null,
    fromNode: null,
    from: null,
    variants: {},
    state: 'completed',
    note: null,
    started: ago(at),
    ended: ago(at - 9200),
    duration: 9.2,
    nodes: [
      done('rewrite', at, 40),
      done('search', at, 2400),
      nodeRun('web_search', { state: 'bypassed', started: ago(at - 60), ended: ago(at - 60) }),
      done('context', at - 2400, 180),
      done('answer', at - 2600, 6100, {
        tokens: { prompt: 1840, completion: 212, total: 2052 },
      }),
      done('grade', at - 8700, 310),
      done('count_grades', at - 9020, 120),
    ],
    failure: null,
    problem: null,
    tokens: { prompt: 1840, completion: 212, total: 2052 },
    ...parts,
  }
}

/** One that is under way, with two steps at the same time and a slow one. */
export function runningRun(parts: Partial<FlowRun> = {}): FlowRun {
  return flowRun({
    id: 'run-running',
    state: 'running',
    note: 'Two steps are under way.',
    started: ago(14_000),
    ended: null,
    duration: null,
    tokens: null,
    nodes: [
      done('rewrite', 13_500, 60),
      nodeRun('search', {
        state: 'running',
        started: ago(13_500),
        slow: { seconds: 12, at: { file: 'search.py', line: 7, function: 'search' } },
      }),
      nodeRun('web_search', { state: 'running', started: ago(13_300) }),
      ...['context', 'answer', 'grade', 'count_grades'].map((name) => nodeRun(name)),
    ],
    ...parts,
  })
}

const failure = {
  code: 'UserError/ToolExecutionError',
  exception: 'ZeroDivisionError',
  message: 'division by zero',
  node: 'context',
  at: { file: 'context.py', line: 4, function: 'context' },
  traceback:
    'Traceback (most recent call last):\n  File "context.py", line 4, in context\n    share = 1 / len(found)\nZeroDivisionError: division by zero',
}

/** One in which a step went wrong. */
export function failedRun(parts: Partial<FlowRun> = {}): FlowRun {
  const at = 3 * 60 * MINUTE
  return flowRun({
    id: 'run-failed',
    state: 'failed',
    started: ago(at),
    ended: ago(at - 2600),
    duration: 2.6,
    tokens: null,
    nodes: [
      done('rewrite', at, 40),
      done('search', at, 2400),
      nodeRun('web_search', { state: 'bypassed' }),
      nodeRun('context', {
        state: 'failed',
        started: ago(at - 2400),
        ended: ago(at - 2500),
        duration: 0.1,
        failure,
      }),
      ...['answer', 'grade', 'count_grades'].map((name) => nodeRun(name)),
    ],
    failure,
    problem: problem({
      code: 'runFailed',
      sentence: 'The step context went wrong: division by zero.',
      hints: ['Look at line 4 of context.py.'],
    }),
    ...parts,
  })
}

/** Runs that were, newest first. */
export const pastRuns = (): FlowRun[] => [
  flowRun(),
  failedRun(),
  flowRun({
    id: 'run-node',
    node: 'context',
    from: 'run-completed',
    started: ago(5 * 60 * MINUTE),
    ended: ago(5 * 60 * MINUTE - 1200),
    duration: 1.2,
    tokens: null,
    nodes: [done('context', 5 * 60 * MINUTE, 180)],
  }),
  flowRun({
    id: 'run-cancelled',
    state: 'cancelled',
    runtimeName: 'support-bot',
    runtime: 'gone',
    started: ago(26 * 60 * MINUTE),
    ended: ago(26 * 60 * MINUTE - 44_000),
    duration: 44,
    tokens: null,
  }),
]

export function shown(value: unknown): ShownValue {
  const json = typeof value !== 'string'
  const text = json ? JSON.stringify(value, null, 2) : value
  return { text, json, cut: false, bytes: text.length }
}

const found = Array.from({ length: 4 }, (_, index) => ({
  title: `Rolling back, part ${index + 1}`,
  page: 3 + index,
  score: 0.91 - index * 0.07,
  text: 'The previous container is kept for fourteen days, or until the next update succeeds.',
}))

/** What a run took and gave. */
export function runDetail(run: FlowRun, parts: Partial<FlowRunDetail> = {}): FlowRunDetail {
  const ended = run.ended !== null
  const completed = run.state === 'completed'
  return {
    run,
    again: {
      start: {
        flow: run.flow,
        runtime: run.runtime,
        inputs: { question: 'How do I roll back a runtime?', count: '4', deep: 'false' },
        init: {},
        variants: run.variants,
        connections: [],
        node: run.node,
        fromNode: run.fromNode,
        from: run.from,
        limit: null,
      },
      missing: [],
    },
    inputs: shown({ question: 'How do I roll back a runtime?', count: 4, deep: false }),
    output: completed
      ? shown({
          answer: 'Open the runtime’s page and press “Roll back”: the previous one is put back.',
          sources: found,
        })
      : null,
    metrics: completed && run.node === null ? shown({ grade: 4.5, answered: 1 }) : null,
    nodes: ended
      ? run.nodes
          .filter(({ started, takenOver }) => started !== null || takenOver)
          .map(({ node, state }) => ({
            node,
            inputs: shown({ question: 'How do I roll back a runtime?', count: 4 }),
            output:
              state !== 'completed'
                ? null
                : node === 'search'
                  ? { text: '[{"title": "Rolling back', json: true, cut: true, bytes: 3_400_000 }
                  : shown(node === 'rewrite' ? 'roll back runtime previous container' : found),
            out: node === 'search' ? shown('Looking in 3 indexes\n4 documents found\n') : null,
            error: state === 'failed' ? shown('ZeroDivisionError: division by zero\n') : null,
          }))
      : [],
    ...parts,
  }
}

/** The choice of runtimes that a list of them gives. */
export function flowRuntimes(runtimes: readonly Runtime[]): FlowRuntime[] {
  return runtimes.map((runtime) => {
    const usable = runtime.status === 'Available'
    return {
      runtime: runtime.id,
      name: runtime.name,
      compute: runtime.compute,
      computeName: runtime.computeName,
      status: runtime.status,
      version: runtime.version ?? '',
      cpuLimit: runtime.cpuLimit ?? 0,
      memoryLimit: runtime.memoryLimit ?? 0,
      runs: 0,
      batches: [],
      usable,
      sentence: usable ? '' : `${runtime.name} is not available.`,
    }
  })
}

/** A problem of a run with what was found. */
export function runProblem(parts: Partial<Finding>, details: string | null = null): Problem {
  const finding: Finding = {
    cause: 'unknown',
    sentence: '',
    meaning: '',
    evidence: [],
    advice: [],
    remedies: [],
    ...parts,
  }
  return problem({
    code: 'runFailed',
    sentence: finding.sentence,
    hints: finding.advice,
    details,
    finding,
  })
}

/** A run needs a module that its runtime does not have. */
export const missingModule = (): Problem =>
  runProblem(
    {
      cause: 'moduleMissing',
      sentence: 'The runtime has no module "bs4".',
      meaning: 'It is most likely part of the package beautifulsoup4.',
      advice: [
        'Make the package beautifulsoup4 part of the runtime’s environment, or install it only for now.',
      ],
      remedies: [{ kind: 'addPackages', packages: ['beautifulsoup4'] }],
    },
    "ModuleNotFoundError: No module named 'bs4'",
  )

/** One of each kind of what a runtime may lack. */
export const flowFindings: FlowFinding[] = [
  {
    kind: 'missingModule',
    module: 'bs4',
    package: 'beautifulsoup4',
    files: ['search.py'],
    problem: problem({
      code: 'containerFailed',
      sentence: 'search.py imports bs4, which is not installed on my-runtime.',
      hints: ['Install beautifulsoup4.'],
    }),
  },
  {
    kind: 'missingTool',
    package: 'promptflow-tools',
    tool: null,
    nodes: ['rewrite', 'answer', 'web_search'],
    problem: problem({
      code: 'containerFailed',
      sentence:
        'promptflow-tools is not installed on my-runtime; rewrite, answer and web_search need it.',
    }),
  },
  {
    kind: 'cannotLoad',
    file: 'grade.py',
    line: 12,
    problem: problem({
      code: 'containerFailed',
      sentence: 'grade.py cannot be loaded: line 12 is no Python.',
      details: 'SyntaxError: expected ":" (grade.py, line 12)',
    }),
  },
  {
    kind: 'missingConnection',
    name: 'team_search',
    problem: problem({
      code: 'notFound',
      sentence: 'search takes the connection team_search, which does not exist here.',
    }),
  },
]

export const nodeSource = `from promptflow.core import tool


@tool
def search(question: str, count: int, store) -> list:
    print(f"Looking in {len(store.indexes)} indexes")
    found = store.search(question, top=count)
    print(f"{len(found)} documents found")
    return [{"title": one.title, "page": one.page} for one in found]
`
