import type {
  DiskImage,
  DiskView,
  ForeignContainer,
  Operation,
  Runtime,
  Verdict,
} from '../backend/types'
import { ago, operation, REPOSITORY, runtime } from './fixtures'

/** Containers of others, adopted runtimes, packages by hand and disks, for tests and the gallery. */

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const MB = 1024 * 1024

export function foreign(name: string, verdict: Verdict, parts: Partial<ForeignContainer> = {}) {
  const container: ForeignContainer = {
    id: `container-${name}`,
    name,
    image: `${REPOSITORY}:20240429.v8`,
    ports: ['127.0.0.1:18080 → 8080'],
    verdict,
    compose: null,
    autoRemove: false,
    ...parts,
  }
  return container
}

/** One container of each verdict, usable ones first. */
export const foreignContainers = (): ForeignContainer[] => [
  foreign('flows-by-hand', {
    kind: 'usable',
    protocol: 'executor',
    endpoint: 'http://127.0.0.1:18080',
    version: '1.18.5',
  }),
  foreign(
    'shop-flows-1',
    {
      kind: 'usable',
      protocol: 'azureRuntime',
      endpoint: 'http://127.0.0.1:18082',
      version: null,
    },
    {
      ports: ['0.0.0.0:18082 → 8080'],
      compose: { project: 'shop', service: 'flows', file: '/srv/shop/compose.yaml' },
      autoRemove: true,
    },
  ),
  foreign('a b', { kind: 'nameCannotBeUsed', why: 'A name has no spaces.' }, { ports: [] }),
  foreign('ended', { kind: 'notRunning', exitCode: 137, paused: false }, { ports: [] }),
  foreign(
    'hidden',
    { kind: 'notPublished', address: 'http://172.17.0.2:8080', protocol: 'executor' },
    { ports: [] },
  ),
  foreign('inside', { kind: 'nothingListens', elsewhere: ['127.0.0.1:9000'] }),
  foreign('paused', { kind: 'notRunning', exitCode: 0, paused: true }),
  foreign('slow', { kind: 'unknown', because: 'It did not answer within 3 s.' }),
  foreign(
    'web',
    { kind: 'anotherService', answer: 'status 200: <title>Welcome to nginx</title>' },
    { image: 'nginx:1.27', ports: ['0.0.0.0:80 → 80'] },
  ),
]

/** A runtime that somebody else made. */
export const adopted = (parts: Partial<Runtime> = {}): Runtime =>
  runtime({
    id: 'adopted',
    name: 'flows-by-hand',
    adopted: ago(3 * DAY),
    generation: 0,
    spec: null,
    ...parts,
  })

/** Taking an adopted runtime into management. */
export const manageOperation = (parts: Partial<Operation> = {}): Operation =>
  operation({
    id: 'operation-started',
    kind: 'manage',
    runtime: 'adopted',
    name: 'flows-by-hand',
    from: null,
    to: null,
    pull: null,
    ...parts,
  })

/** Packages that were installed into a running container. */
export const installOperation = (of: Runtime, parts: Partial<Operation> = {}): Operation =>
  operation({
    id: 'operation-install',
    kind: 'install',
    runtime: of.id,
    name: of.name,
    from: null,
    to: null,
    pull: null,
    state: 'succeeded',
    cancel: 'no',
    started: ago(2 * MINUTE),
    finished: ago(MINUTE),
    steps: [
      { kind: 'check', state: 'done', note: null, started: ago(120_000), finished: ago(118_000) },
      {
        kind: 'install',
        state: 'done',
        note: 'pandas==2.1',
        started: ago(118_000),
        finished: ago(60_000),
      },
    ],
    packages: [
      { name: 'pandas', from: null, to: '2.1.0' },
      { name: 'numpy', from: '1.26.0', to: '1.26.4' },
    ],
    outcome: `2 packages changed in ${of.name}. It lasts until the container is recreated: add it to the environment to keep it.`,
    ...parts,
  })

/** Letters of a digest that differ where names do. */
const idOf = (name: string) =>
  [...name]
    .reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 2 ** 44, 7)
    .toString(16)
    .padStart(12, 'a')
    .repeat(6)
    .slice(0, 64)

export function diskImage(name: string | null, parts: Partial<DiskImage> = {}): DiskImage {
  return {
    id: `sha256:${idOf(name ?? 'left')}`,
    names: name === null ? [] : [name],
    role: { kind: 'runtime' },
    size: 1450 * MB,
    shared: 0,
    created: ago(20 * DAY),
    need: { kind: 'nothing' },
    mayGo: true,
    proposed: true,
    ...parts,
  }
}

/** Images of each role and need. */
export const diskView = (parts: Partial<DiskView> = {}): DiskView => ({
  images: [
    diskImage(`${REPOSITORY}:20240429.v8`, {
      size: 3400 * MB,
      shared: 0,
      need: { kind: 'inUse', by: ['my-runtime', 'eval'] },
      mayGo: false,
      proposed: false,
    }),
    diskImage(`${REPOSITORY}:20240429.v7`, {
      size: 2900 * MB,
      shared: 0,
      need: { kind: 'toGoBack', of: ['my-runtime'] },
      mayGo: false,
      proposed: false,
    }),
    diskImage(`${REPOSITORY}:20240403.v2`, { size: 2800 * MB, created: ago(60 * DAY) }),
    diskImage('localhost/promptflow-runtimes/rag:3', {
      role: { kind: 'version', name: 'rag', number: 3 },
      size: 1120 * MB,
      shared: 0,
      need: { kind: 'useful', of: ['rag'] },
      proposed: false,
    }),
    diskImage('localhost/promptflow-runtimes/old:1', {
      role: { kind: 'version', name: null, number: 1 },
      size: 910 * MB,
      shared: 0,
      created: null,
    }),
    diskImage('docker.io/library/python:3.11-slim', {
      role: { kind: 'base' },
      size: 130 * MB,
      shared: 0,
      need: { kind: 'useful', of: ['rag', 'summaries'] },
      proposed: false,
    }),
    diskImage(null, { role: { kind: 'buildCache' }, size: 64 * MB }),
  ],
  free: 84 * 1024 * MB,
  allLayers: 21 * 1024 * MB,
  buildCache: { size: 6.2 * 1024 * MB, unused: 5.5 * 1024 * MB },
  ...parts,
})
