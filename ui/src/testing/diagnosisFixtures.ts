import type {
  Check,
  Diagnosis,
  Finding,
  Link,
  MendPreview,
  Runtime,
  SupportFile,
} from '../backend/types'
import { LINKS } from '../pages/runtime/diagnostics/links'
import { ago } from './fixtures'

const sentences: Partial<Record<Link, Partial<Check>>> = {
  compute: {
    probe: 'GET /_ping of unix:///var/run/docker.sock',
    saw: 'OK, API 1.41',
    sentence: 'Docker Engine 20.10.24 answers.',
  },
  image: {
    probe: 'Image of the container',
    saw: 'sha256:ab12cd34ef56',
    sentence: 'The image is here.',
  },
  running: {
    probe: 'State of the container',
    saw: 'running for 5 hours',
    sentence: 'The container runs.',
  },
  health: {
    probe: 'GET http://127.0.0.1:18080/health',
    saw: '200 {"status":"Healthy"}',
    sentence: 'The service says that it is healthy.',
  },
  modelEndpoints: { state: 'notNeeded', sentence: 'No connection is used.' },
  flows: { state: 'passed', sentence: 'The flows that ran here last find what they need.' },
}

/** One check of a link, as it is when nothing is wrong. */
export function check(link: Link, parts: Partial<Check> = {}): Check {
  return {
    link,
    state: 'passed',
    probe: `Look at ${link}`,
    saw: 'as it should be',
    sentence: `The link ${link} holds.`,
    milliseconds: 14,
    ...sentences[link],
    ...parts,
  }
}

/** Every link holds. */
export function diagnosis(of: Runtime, parts: Partial<Diagnosis> = {}): Diagnosis {
  return {
    runtime: of.id,
    began: ago(4000),
    milliseconds: 1240,
    running: false,
    checks: LINKS.map((link) => check(link)),
    broken: null,
    finding: null,
    others: [],
    ...parts,
  }
}

/** Its process was ended for memory; the button raises the limit. */
export const outOfMemory: Finding = {
  cause: 'outOfMemory',
  sentence: 'The container was ended because it used all of its memory.',
  meaning: 'It may use 512 MB, and wanted more.',
  evidence: [{ probe: 'State of the container', seen: 'exited (137), killed for memory' }],
  advice: ['Raise the memory limit, or use less memory in the flow.'],
  remedies: [{ kind: 'raiseMemory', bytes: 1024 ** 3 }, { kind: 'viewLogs' }],
}

export const diskLow: Finding = {
  cause: 'diskFull',
  sentence: 'Only 2 GB are free where images are stored.',
  meaning: 'The next update may not fit.',
  evidence: [],
  advice: ['Remove images that nobody uses.'],
  remedies: [{ kind: 'freeDisk' }],
}

/** The chain up to a link that broke; what is behind it was not reached. */
export function brokenAt(of: Runtime, link: Link, finding: Finding): Diagnosis {
  const at = LINKS.indexOf(link)
  return diagnosis(of, {
    broken: link,
    finding,
    others: [diskLow],
    checks: LINKS.map((one, index) =>
      index < at
        ? check(one)
        : index === at
          ? check(one, {
              state: 'broken',
              probe: finding.evidence[0]?.probe ?? '',
              saw: finding.evidence[0]?.seen ?? '',
              sentence: finding.sentence,
            })
          : one === 'disk'
            ? check(one, { state: 'warning', sentence: 'Only 2 GB are free.' })
            : check(one, {
                state: 'notReached',
                probe: '',
                saw: '',
                sentence: '',
                milliseconds: 0,
              }),
    ),
  })
}

export function mendPreview(parts: Partial<MendPreview> = {}): MendPreview {
  return {
    title: 'Raise the memory limit to 1 GB',
    sentence: 'The container is replaced by one that may use 1 GB.',
    steps: [
      'A candidate with the new limit is proved.',
      'The old container is stopped, the new one started.',
      'The previous container is kept for 14 days.',
    ],
    affected: [],
    command: null,
    ...parts,
  }
}

export function supportFile(parts: Partial<SupportFile> = {}): SupportFile {
  return {
    id: 'shown-1',
    text: [
      'Prompt flow Runtimes 0.1.0',
      '',
      'Computes',
      '  local: Docker Engine 20.10.24, connected',
      ...Array.from(
        { length: 400 },
        (_, index) => `2026-11-24 12:00:00 INFO line ${index} of host-1`,
      ),
    ].join('\n'),
    removed: [
      { what: 'secrets', times: 2 },
      { what: 'hosts', times: 401 },
      { what: 'users', times: 1 },
    ],
    notes: [],
    ...parts,
  }
}
