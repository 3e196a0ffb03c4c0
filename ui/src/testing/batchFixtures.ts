import type {
  Batch,
  BatchDetail,
  BatchDraft,
  BatchPreview,
  BatchRowView,
  FailureGroup,
  FlowView,
  Lane,
  Latency,
  NodeFigures,
  Problem,
  RowNode,
  RowPreview,
} from '../backend/types'
import { ago, problem } from './fixtures'
import { ANSWERS, missingModule, runProblem, shown } from './flowFixtures'

/** Batch runs that look like a person's own, for tests and the gallery. */

const MINUTE = 60_000
const DAY = 86_400_000

export const FILE = '/home/anna/data/questions.jsonl'
export const COLUMNS = ['question', 'count', 'filters', 'expected']

export const MY_RUNTIME = '7f0c2f0e-4b0e-4a53-9f0a-000000000001'

/** A reference as a mapping spells it. */
export const ref = (what: string) => `\${${what}}`

export function lane(parts: Partial<Lane> = {}): Lane {
  return {
    runtime: MY_RUNTIME,
    name: 'my-runtime',
    version: '20240429.v8',
    state: 'ended',
    running: 0,
    ended: 1000,
    note: null,
    ...parts,
  }
}

const figures = (node: string, parts: Partial<NodeFigures> = {}): NodeFigures => ({
  node,
  rows: 1000,
  failed: 0,
  bypassed: 0,
  measured: 1000,
  seconds: 0,
  longest: null,
  tokens: 0,
  ...parts,
})

/** One that completed, with a few rows that failed. */
export function batch(parts: Partial<Batch> = {}): Batch {
  return {
    id: 'batch-completed',
    flow: ANSWERS,
    flowName: 'answers',
    name: 'answers 2',
    tags: ['nightly', 'gpt-4o'],
    description: 'With the shorter prompt.',
    lanes: [lane()],
    file: FILE,
    format: 'jsonLines',
    mapping: { question: ref('data.question'), count: ref('data.count') },
    other: null,
    variants: {},
    settings: { workers: 4, retries: 1, stopAfter: null, rowLimit: 120 },
    state: 'completed',
    note: null,
    started: ago(40 * MINUTE),
    ended: ago(12 * MINUTE),
    rows: 1000,
    completed: 980,
    failed: 20,
    running: 0,
    bytes: 3_400_000,
    rate: null,
    timeLeft: null,
    mixed: false,
    metrics: [
      { name: 'accuracy', value: 0.8125 },
      { name: 'groundedness', value: 0.94 },
      { name: 'answered', value: 961 },
    ],
    tokens: { prompt: 1_840_000, completion: 212_000, total: 2_052_000 },
    nodes: [
      figures('rewrite', { seconds: 212.4, longest: 0.71 }),
      figures('search', { seconds: 402, longest: 2.9, tokens: 2_052_000 }),
      figures('context', { failed: 20, seconds: 19.8, longest: 0.2 }),
      figures('web_search', { bypassed: 1000, measured: 0, seconds: 0, longest: null }),
    ],
    problem: null,
    ...parts,
  }
}

/** One that is under way on two runtimes. */
export function runningBatch(parts: Partial<Batch> = {}): Batch {
  return batch({
    id: 'batch-running',
    name: 'answers 3',
    tags: [],
    description: '',
    lanes: [
      lane({ state: 'running', running: 4, ended: 300 }),
      lane({
        runtime: '7f0c2f0e-4b0e-4a53-9f0a-000000000002',
        name: 'rag-prod',
        state: 'lost',
        ended: 120,
        note: 'It has not answered for 40 s.',
      }),
    ],
    state: 'running',
    started: ago(6 * MINUTE),
    ended: null,
    completed: 405,
    failed: 15,
    running: 4,
    rate: 70.4,
    timeLeft: 490,
    metrics: [],
    bytes: 1_100_000,
    tokens: { prompt: 740_000, completion: 85_000, total: 825_000 },
    ...parts,
  })
}

/** One that stopped because too many rows failed. */
export function failedBatch(parts: Partial<Batch> = {}): Batch {
  return batch({
    id: 'batch-failed',
    name: 'answers 1',
    tags: [],
    description: '',
    state: 'failed',
    started: ago(2 * DAY),
    ended: ago(2 * DAY - 4 * MINUTE),
    completed: 40,
    failed: 10,
    lanes: [lane({ ended: 50 })],
    settings: { workers: 4, retries: 0, stopAfter: 10, rowLimit: null },
    metrics: [],
    tokens: null,
    bytes: 90_000,
    problem: problem({
      code: 'runFailed',
      sentence: '10 rows failed, so it stopped.',
      hints: ['Look at the rows that failed, then resume it or rerun them.'],
    }),
    ...parts,
  })
}

export const pausedBatch = (parts: Partial<Batch> = {}): Batch =>
  runningBatch({
    id: 'batch-paused',
    name: 'answers 0',
    state: 'paused',
    lanes: [lane({ state: 'waiting', ended: 420 })],
    running: 0,
    rate: null,
    timeLeft: null,
    started: ago(3 * DAY),
    ...parts,
  })

/** One that measures another. */
export const evaluationBatch = (parts: Partial<Batch> = {}): Batch =>
  batch({
    id: 'batch-evaluation',
    name: 'grade of answers 2',
    tags: [],
    description: '',
    other: 'batch-completed',
    mapping: { question: ref('data.question'), answer: ref('run.outputs.answer') },
    started: ago(10 * MINUTE),
    ended: ago(4 * MINUTE),
    completed: 1000,
    failed: 0,
    metrics: [{ name: 'grade', value: 4.21 }],
    ...parts,
  })

/** Newest first. */
export const manyBatches = (): Batch[] => [
  runningBatch(),
  evaluationBatch(),
  batch(),
  failedBatch(),
  pausedBatch(),
]

const questions = [
  'How do I roll back a runtime?',
  'Which versions are known bad?',
  'Where are connections kept?',
  'What does an update change?\n\nIn short words.',
]

/** A row that has ended; each fiftieth failed. */
const rowNode = (node: string, parts: Partial<RowNode> = {}): RowNode => ({
  node,
  state: 'completed',
  began: 0,
  duration: 0.1,
  tokens: null,
  error: null,
  ...parts,
})

export function batchRow(row: number, parts: Partial<BatchRowView> = {}): BatchRowView {
  const failed = row % 50 === 7
  const question = questions[row % questions.length] ?? ''
  return {
    row,
    line: row + 1,
    state: failed ? 'failed' : 'completed',
    tries: failed ? 2 : 1,
    duration: failed ? 3.1 : 0.8 + (row % 11) * 0.13,
    tokens: failed ? null : { prompt: 1400 + row, completion: 212, total: 1612 + row },
    runtime: 'my-runtime',
    nodes: [
      rowNode('rewrite', { duration: 0.21 }),
      rowNode('search', {
        began: 0.22,
        duration: 0.4,
        tokens: { prompt: 900, completion: 100, total: 1000 },
      }),
      failed
        ? rowNode('context', { state: 'failed', began: 0.63, duration: 0.02, error: 'by zero' })
        : rowNode('context', { began: 0.63, duration: 0.02 }),
      rowNode('web_search', { state: 'bypassed', began: null, duration: null }),
    ],
    inputs: [
      { name: 'question', value: shown(`${question} (${row + 1})`) },
      { name: 'count', value: shown(4) },
    ],
    outputs: failed
      ? []
      : [
          {
            name: 'answer',
            value: shown(`Open its page and press “Roll back”: answer ${row + 1}.`),
          },
          { name: 'sources', value: shown([{ title: 'Rolling back', page: 3 }]) },
        ],
    problem: failed
      ? problem({
          code: 'runFailed',
          sentence: `The step context went wrong: division by zero (${row + 1}).`,
          hints: ['Look at context.py, line 4.'],
          details: 'ZeroDivisionError: division by zero',
        })
      : null,
    ...parts,
  }
}

/** Why rows of a batch run failed. */
export function failureGroups(failed: number): FailureGroup[] {
  const ofCode: FailureGroup = {
    rows: failed > 1 ? failed - 1 : failed,
    first: 7,
    runtime: 'my-runtime',
    problem: runProblem({
      cause: 'ownCode',
      sentence: 'The node "context" failed in context.py, line 4: division by zero.',
      meaning: 'The error came out of the flow’s own code.',
      advice: ['Correct it there, then run again.'],
      remedies: [
        { kind: 'showPlace', file: 'context.py', line: 4, node: 'context' },
        { kind: 'runAgain' },
      ],
    }),
  }
  const ofModule: FailureGroup = {
    rows: 1,
    first: 57,
    runtime: 'my-runtime',
    problem: missingModule(),
  }
  return failed > 1 ? [ofCode, ofModule] : [ofCode]
}

/** Rows that a batch run has by now. */
export const rowsOf = ({ completed, failed }: Batch): BatchRowView[] =>
  Array.from({ length: completed + failed }, (_, row) => batchRow(row))

export function batchDetail(of: Batch, all: readonly Batch[] = []): BatchDetail {
  return {
    batch: of,
    draft: {
      flow: of.flow,
      name: of.name,
      runtimes: of.lanes.map(({ runtime }) => runtime),
      file: of.file,
      mapping: of.mapping,
      other: of.other,
      variants: of.variants,
      connections: [],
      init: {},
      settings: of.settings,
    },
    inputs: ['question', 'count'],
    outputs: ['answer', 'sources'],
    waitsFor: of.state === 'queued' ? ['answers 3'] : [],
    takenBy: all.filter(({ other }) => other === of.id),
    otherName: all.find(({ id }) => id === of.other)?.name ?? null,
  }
}

export const latency = (parts: Partial<Latency> = {}): Latency => ({
  rows: 980,
  mean: 1.42,
  median: 1.3,
  p90: 2.1,
  p99: 4.02,
  longest: 6.4,
  bars: [12, 220, 410, 190, 88, 30, 14, 9, 4, 3].map((rows, index) => ({
    from: 0.4 + index * 0.6,
    to: 1 + index * 0.6,
    rows,
  })),
  ...parts,
})

const previewRow = (row: number, inputs: Record<string, unknown>): RowPreview => ({
  row,
  line: row + 1,
  inputs,
  problems: [],
})

const isNamed = (written: string | undefined, prefix: string) =>
  written?.startsWith(`\${${prefix}.`) === true

/** What the application would say of a draft. */
export function batchPreview(
  { file, mapping, other: otherId, runtimes, settings }: BatchDraft,
  view: FlowView,
  batches: readonly Batch[],
): BatchPreview {
  const other = batches.find(({ id }) => id === otherId)
  const path = file || other?.file || ''
  const isThere = path.includes('questions')
  const inputs = view.model?.inputs ?? []
  const proposed: Record<string, string> = {}
  for (const { name } of inputs) {
    if (isThere && COLUMNS.includes(name)) proposed[name] = ref(`data.${name}`)
    else if (other && name === 'answer') proposed[name] = ref('run.outputs.answer')
  }
  const problems: Problem[] = []
  const add = (field: string, sentence: string) =>
    problems.push(problem({ code: 'invalidInput', field, sentence }))
  if (path === '') add('file', 'A file of rows is needed.')
  else if (!isThere) add('file', `There is no file ${path}.`)
  if (runtimes.length === 0) add('runtimes', 'At least one runtime is needed.')
  if (settings.workers < 1 || settings.workers > 64) {
    add('workers', 'Rows at the same time are a number from 1 to 64.')
  }
  for (const { name, default: preset, isChatHistory } of inputs) {
    const written = mapping[name]
    if (written === undefined || written === '') {
      if (preset === null && !isChatHistory) {
        add(`mapping.${name}`, `"${name}" gets no value: choose a column for it, or write a value.`)
      }
    } else if (isNamed(written, 'run.outputs') && !other) {
      add(`mapping.${name}`, `"${name}" is taken from another batch run, and none is chosen.`)
    }
  }
  return {
    data: isThere
      ? { file: path, format: 'jsonLines', bytes: 420_000, columns: COLUMNS, rows: null }
      : null,
    inputs: inputs.map(({ name, written, default: preset, isChatHistory }) => ({
      name,
      kind: written,
      optional: preset !== null || isChatHistory,
    })),
    other: other
      ? { name: other.name, inputs: ['question', 'count'], outputs: ['answer', 'sources'] }
      : null,
    proposed,
    rows: isThere
      ? [
          previewRow(0, { question: questions[0], count: 4, filters: { team: 'platform' } }),
          previewRow(1, { question: questions[1], count: 4, filters: {} }),
          {
            ...previewRow(2, {}),
            problems: [
              {
                row: 2,
                line: 3,
                input: 'count',
                sentence: 'Row 3 (line 3): "count" has to be a whole number.',
              },
            ],
          },
        ]
      : [],
    problems,
    proposedWorkers: 2,
    queues: batches.some(({ state }) => state === 'running')
      ? [{ runtime: MY_RUNTIME, name: 'my-runtime', batches: ['answers 3'] }]
      : [],
    hasAggregation: true,
  }
}
