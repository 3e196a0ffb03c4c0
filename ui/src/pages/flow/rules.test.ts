import { describe, expect, it } from 'vitest'
import { codeAddress } from '../../backend'
import { problem } from '../../testing/fixtures'
import {
  answersFlow,
  chatFlow,
  flowRun,
  nodeRun,
  pastRuns,
  runningRun,
} from '../../testing/flowFixtures'
import { answerOf, historyOf, type Turn } from './chat'
import { byField, emptyDraft, given, limitOf } from './draft'
import { typeOfMissing } from './Fit'
import { givesAll } from './FormerRun'
import { pathOf, place, wayOf } from './layout'
import { connectionInputs, nodeAsChosen } from './model'
import { barOf, spanOf } from './Timeline'
import { newestRuns } from './usePage'

describe('the inputs of a request', () => {
  it('are what is typed, else what was proposed; what nobody gave is left to its default', () => {
    const { inputs } = answersFlow()
    expect(given(inputs, { question: '', count: ' ', filters: '{}' })).toEqual({
      question: '',
      deep: 'false',
      filters: '{}',
    })
    expect(given(inputs, { languages: '["en"]' })).toMatchObject({
      languages: '["en"]',
      count: '4',
    })
  })

  it('have one sentence each, with what to do', () => {
    const sentences = byField({
      problems: [
        problem({ field: 'inputs.count', sentence: 'No number.', hints: ['Type one.'] }),
        problem({ field: 'inputs.count', sentence: 'Another.' }),
        problem({ field: null, sentence: 'Of none.' }),
      ],
    })
    expect([...sentences]).toEqual([['inputs.count', 'No number. Type one.']])
  })

  it('may have a limit in whole seconds', () => {
    expect(['', ' 90 ', '0', '1.5', 'x'].map(limitOf)).toEqual([
      null,
      90,
      undefined,
      undefined,
      undefined,
    ])
  })
})

describe('a step', () => {
  it('is what its chosen variant says, under its own name', () => {
    const view = answersFlow()
    expect(nodeAsChosen(view, 'answer', emptyDraft)?.source?.path).toBe('answer_short.jinja2')
    const careful = nodeAsChosen(view, 'answer', { ...emptyDraft, variants: { answer: 'careful' } })
    expect(careful).toMatchObject({ name: 'answer', source: { path: 'answer_careful.jinja2' } })
    expect(nodeAsChosen(view, 'nothing', emptyDraft)).toBeUndefined()
  })

  it('takes connections as an LLM and as inputs of Python', () => {
    const view = answersFlow()
    const of = (name: string) => {
      const node = nodeAsChosen(view, name, emptyDraft)
      return node ? connectionInputs(node, view) : null
    }
    expect(of('answer')).toEqual([
      { input: 'connection', connection: 'team_openai', types: ['azureOpenAi', 'openAi'] },
    ])
    expect(of('search')).toEqual([
      { input: 'store', connection: 'team_search', types: ['cognitiveSearch'] },
    ])
    expect(of('grade')).toEqual([])
  })

  it('can be run alone with a whole run that went through what it needs', () => {
    expect(givesAll(flowRun(), ['search', 'web_search'])).toBe(true)
    expect(givesAll(flowRun({ node: 'context' }), ['search'])).toBe(false)
    expect(givesAll(runningRun(), ['rewrite'])).toBe(false)
    const cut = flowRun({ nodes: [nodeRun('search', { state: 'failed' })] })
    expect(givesAll(cut, ['search'])).toBe(false)
  })
})

describe('the layout', () => {
  const boxes = ['a', 'b', 'c', 'd'].map((id) => ({ id, width: 100, height: 40 }))
  const arrows = [
    { from: 'a', to: 'b' },
    { from: 'a', to: 'c' },
    { from: 'b', to: 'd' },
    { from: 'a', to: 'd' },
    { from: 'a', to: 'gone' },
  ]
  const { boxes: at, ways } = place(boxes, arrows)
  const y = (id: string) => at.get(id)?.y ?? Number.NaN
  const x = (id: string) => at.get(id)?.x ?? Number.NaN

  it('puts each box under what leads to it, the first to the left, none over another', () => {
    expect(y('a') + 40).toBeLessThan(y('b'))
    expect(y('b') + 40).toBeLessThan(y('d'))
    expect(y('c')).toBe(y('b'))
    expect(x('b') + 100).toBeLessThanOrEqual(x('c'))
  })

  it('leads an arrow around the boxes between', () => {
    const way = ways.get(wayOf({ from: 'a', to: 'd' })) ?? []
    const beside = way.filter((point) => point.y > y('b') && point.y < y('b') + 40)
    expect(beside.length).toBeGreaterThan(0)
    for (const point of beside) {
      for (const id of ['b', 'c']) {
        expect(point.x < x(id) || point.x > x(id) + 100).toBe(true)
      }
    }
    expect(ways.has(wayOf({ from: 'a', to: 'gone' }))).toBe(false)
  })

  it('spells a way as a path that begins and ends at its ends', () => {
    expect(pathOf([])).toBe('')
    expect(
      pathOf([
        { x: 0, y: 0 },
        { x: 5, y: 9 },
      ]),
    ).toBe('M0,0 L5,9')
    const path = pathOf([
      { x: 0, y: 0 },
      { x: 10, y: 10 },
      { x: 20, y: 10 },
      { x: 30, y: 40 },
    ])
    expect(path).toBe('M0,0 Q10,10 15,10 Q20,10 30,40')
  })
})

describe('the timeline', () => {
  const at = (second: number) => new Date(second * 1000).toISOString()
  const nodes = [
    nodeRun('first', { started: at(100), ended: at(104) }),
    nodeRun('second', { started: at(102), ended: null, state: 'running' }),
    nodeRun('third'),
  ]

  it('goes from the first begin to the last end, or to now', () => {
    expect(spanOf(nodes, 110_000)).toEqual({ from: 100_000, to: 110_000 })
    expect(spanOf([nodeRun('x')], 110_000)).toBeNull()
  })

  it('has a bar for each step that began', () => {
    const span = { from: 100_000, to: 110_000 }
    expect(nodes.map((node) => barOf(node, span, 110_000))).toEqual([
      { start: 0, length: 0.4 },
      { start: 0.2, length: 0.8 },
      null,
    ])
  })
})

describe('runs', () => {
  it('are newest first, of this flow only, and as they were told last', () => {
    const recorded = pastRuns()
    const running = runningRun()
    const runs = newestRuns(
      recorded,
      [running, flowRun({ state: 'lost' }), flowRun({ id: 'other', flow: '/other' })],
      running.flow,
    )
    expect(runs.map(({ id }) => id).slice(0, 2)).toEqual(['run-running', 'run-completed'])
    expect(runs[1]?.state).toBe('lost')
    expect(runs).toHaveLength(recorded.length + 1)
  })
})

describe('a conversation', () => {
  const chat = chatFlow().model?.chat ?? { input: '', history: null, output: null }
  const turns: Turn[] = [
    { run: '1', question: 'Who?', outputs: { answer: 'Anna', cost: 1 } },
    { run: '2', question: 'Lost', outputs: null },
  ]

  it('is told to the flow without what had no answer', () => {
    expect(JSON.parse(historyOf(chat, turns))).toEqual([
      { inputs: { question: 'Who?' }, outputs: { answer: 'Anna', cost: 1 } },
    ])
  })

  it('reads the output that is the answer, else the only one', () => {
    const [first] = turns as [Turn]
    expect(answerOf(chat, first)).toBe('Anna')
    const noOutput = { ...chat, output: null }
    expect(answerOf(noOutput, { ...first, outputs: { text: 'One' } })).toBe('One')
    expect(answerOf(noOutput, first)).toEqual({ answer: 'Anna', cost: 1 })
    expect(answerOf(chat, { ...first, outputs: null })).toBeUndefined()
  })
})

describe('the type of a connection that is missing', () => {
  it('is what the node with a model that uses it says', () => {
    const view = answersFlow()
    expect(typeOfMissing(view, 'team_openai')).toBe('azureOpenAi')
    expect(typeOfMissing(view, 'team_search')).toBeNull()
    expect(typeOfMissing({ ...view, model: null }, 'team_openai')).toBeNull()
  })
})

describe('the address by which VS Code opens a folder', () => {
  it.each([
    ['/home/an na/my#flow?', 'vscode://file/home/an%20na/my%23flow%3F/'],
    ['C:\\Users\\Anna\\flow', 'vscode://file/C:/Users/Anna/flow/'],
  ])('of %s is %s', (folder, address) => expect(codeAddress(folder)).toBe(address))
})
