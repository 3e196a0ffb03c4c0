import type { Finding, LogPlace, LogStyle, NodeTimes } from '../backend/types'
import { type FakeLine, FakeLog, logSource } from './fakeLog'
import * as fixtures from './fixtures'

/** A place in the person's own flow. */
export const ownPlace = (parts: Partial<LogPlace> = {}): LogPlace => ({
  flow: null,
  file: 'search.py',
  line: 21,
  function: 'search',
  path: '/home/anna/flows/answers/search.py',
  ...parts,
})

const slowCall: Finding = {
  cause: 'unknown',
  sentence: 'search waits for its own code, 310 seconds at the longest.',
  meaning: 'No other step can take its place in the queue meanwhile.',
  evidence: [{ probe: 'Stack of the last warning', seen: 'search.py:21 in search' }],
  advice: ['Give the request in search.py a timeout.'],
  remedies: [],
}

/** Which node takes the time, with one that waits in the person's own code. */
export const nodeTimes = (parts: Partial<NodeTimes> = {}): NodeTimes => ({
  nodes: [
    {
      node: 'search',
      count: 12,
      running: 1,
      failed: 0,
      totalSeconds: 412.5,
      longestSeconds: 310,
      standing: 'running',
      llm: false,
      slow: [
        {
          warnings: 5,
          longestSeconds: 310,
          at: { file: 'search.py', line: 21, function: 'search' },
          waitsIn: { file: '/usr/lib/python3.11/ssl.py', line: 1167, function: 'read' },
          rows: [0, 3],
          line: 4,
          stack: ['  File "search.py", line 21, in search', '    return client.get(url)'],
        },
      ],
    },
    {
      node: 'answer',
      count: 12,
      running: 0,
      failed: 2,
      totalSeconds: 64,
      longestSeconds: 9.4,
      standing: 'failed',
      llm: true,
      slow: [],
    },
    {
      node: 'rewrite',
      count: 12,
      running: 0,
      failed: 0,
      totalSeconds: 1.2,
      longestSeconds: 0.4,
      standing: 'ended',
      llm: null,
      slow: [],
    },
  ],
  findings: [slowCall],
  runs: 1,
  measured: false,
  ...parts,
})

const second = (index: number) => new Date(Date.UTC(2026, 10, 24, 14, 0, index)).toISOString()

/** Lines as a runtime's service writes them while flows run on it, with some of every kind. */
export function serviceLines(count: number, from = 0): FakeLine[] {
  return Array.from({ length: count }, (_, at): FakeLine => {
    const index = from + at
    const time = second(index)
    const record = (
      level: 'info' | 'warning' | 'error',
      node: string,
      words: string,
    ): FakeLine => ({
      time,
      level,
      node,
      row: index % 4,
      run: 'run-1',
      text: `2026-11-24 14:00:00 +0000      42 execution          ${level.toUpperCase().padEnd(8)} ${words}`,
    })
    switch (index % 20) {
      case 3:
        return {
          time,
          noise: true,
          level: 'warning',
          text: 'task Task-36 has no start time, which should not happen',
        }
      case 4:
        return {
          ...record('warning', 'search', 'search has been running for 60 seconds, stacktrace:'),
          summary: 'search.py:21 in search',
          place: ownPlace(),
        }
      case 5:
      case 6:
        return {
          time,
          level: 'warning',
          node: 'search',
          inside: true,
          continued: true,
          text:
            index % 20 === 5
              ? '  File "/home/anna/flows/answers/search.py", line 21, in search'
              : '    return client.get(url)',
          ...(index % 20 === 5 ? { place: ownPlace() } : {}),
        }
      case 9:
        return record('error', 'answer', 'Execution failed: answer. OpenAI gave 429.')
      case 12:
        return {
          time,
          text: 'INFO:     127.0.0.1:5312 - "GET /health HTTP/1.1" 200 OK',
          pieces: [
            { text: 'INFO', style: style({ colour: { kind: 'theme', index: 2 } }) },
            { text: ':     127.0.0.1:5312 - "' },
            { text: 'GET /health HTTP/1.1', style: style({ bold: true }) },
            { text: '" ' },
            { text: '200 OK', style: style({ colour: { kind: 'theme', index: 2 } }) },
          ],
        }
      case 15:
        return {
          time,
          error: true,
          text: `answer: {"tokens": [${'12, '.repeat(60)}`,
          whole: `answer: {"tokens": [${'12, '.repeat(40_000)}12]}`,
        }
      default:
        return record('info', index % 2 ? 'rewrite' : 'search', `Node completes (${index})`)
    }
  })
}

const plain = {
  bold: false,
  faint: false,
  italic: false,
  underline: false,
  strike: false,
  inverse: false,
  colour: null,
  background: null,
}

export const style = (parts: Partial<LogStyle>) => ({
  ...plain,
  ...parts,
})

/** All colours that a program can ask a terminal for. */
export function colourLines(): FakeLine[] {
  const index = (colour: number) => ({ kind: 'theme' as const, index: colour })
  const exact = (hex: string) => ({ kind: 'exact' as const, hex })
  const sixteen = Array.from({ length: 16 }, (_, number) => number)
  return [
    {
      text: 'colours',
      pieces: sixteen.map((number) => ({
        text: ` colour ${number} `,
        style: style({ colour: index(number) }),
      })),
    },
    {
      text: 'backgrounds',
      pieces: sixteen.map((number) => ({
        text: ` ground ${number} `,
        style: style({ background: index(number) }),
      })),
    },
    {
      text: 'exact',
      pieces: ['#ffffff', '#000000', '#ffff00', '#00ff00', '#0000ff', '#ff00ff', '#888888'].flatMap(
        (hex) => [
          { text: ` ${hex} `, style: style({ colour: exact(hex) }) },
          { text: ` ${hex} `, style: style({ background: exact(hex) }) },
          {
            text: ` ${hex} `,
            style: style({ colour: exact(hex), background: exact('#777777') }),
          },
        ],
      ),
    },
    {
      text: 'looks',
      pieces: [
        { text: ' bold ', style: style({ bold: true }) },
        { text: ' faint ', style: style({ faint: true }) },
        { text: ' italic ', style: style({ italic: true }) },
        { text: ' underlined ', style: style({ underline: true }) },
        { text: ' struck ', style: style({ strike: true }) },
        { text: ' inverse ', style: style({ inverse: true }) },
        { text: ' inverse red ', style: style({ inverse: true, colour: index(1) }) },
      ],
    },
  ]
}

/** The log of a runtime that works for a while already. */
export const serviceLog = (count = 400): FakeLog =>
  new FakeLog([...serviceLines(count), ...colourLines()], { times: nodeTimes() })

/** Two runtimes, merged by time. */
export const mergedLog = (): FakeLog =>
  new FakeLog(
    serviceLines(200).map((line, index) => ({ ...line, source: index % 3 === 0 ? 1 : 0 })),
    {
      sources: [
        logSource({ name: 'rag-prod', runtime: 'one' }),
        logSource({
          name: 'eval',
          runtime: 'two',
          following: false,
          ended: 'The container has ended with exit code 137.',
        }),
      ],
      commands: ['docker logs --follow rag-prod', 'docker logs --follow eval'],
      times: nodeTimes(),
    },
  )

/** A container of which the engine keeps no log that can be read. */
export const unreadableSource = () =>
  logSource({
    following: false,
    problem: fixtures.problem({
      code: 'engine',
      sentence: 'The log of my-runtime cannot be read.',
      finding: {
        cause: 'unknown',
        sentence: 'The log of my-runtime cannot be read: it goes to syslog.',
        meaning: 'The engine hands it on and keeps nothing of it.',
        evidence: [{ probe: 'Log driver', seen: 'syslog' }],
        advice: ['Recreate the runtime with the log driver json-file or local.'],
        remedies: [],
      },
    }),
  })
