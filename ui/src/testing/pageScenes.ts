import type { KeyringState, Problem, UpdateAllPreview, VersionFacts } from '../backend/types'
import type { World } from './fakeBackend'
import * as fixtures from './fixtures'

const MB = 1024 * 1024

const facts = (parts: Partial<VersionFacts> & { version: string }): VersionFacts => ({
  promptflow: null,
  tools: null,
  security: false,
  knownBad: false,
  note: null,
  ...parts,
})

/** A registry of which no name server knows. */
export const noSuchHost: Problem = fixtures.problem({
  code: 'registryUnreachable',
  sentence: 'No registry is known by the name mcr.microsoft.com.',
  retry: true,
  finding: {
    cause: 'noSuchHost',
    sentence: 'No registry is known by the name mcr.microsoft.com.',
    meaning: 'Versions cannot be looked for, and the image cannot be downloaded.',
    evidence: [{ probe: 'Name server', seen: 'mcr.microsoft.com: name or service not known' }],
    advice: ['Check the network and the proxy.', 'Use a mirror, or an image that is here.'],
    remedies: [{ kind: 'useMirror' }, { kind: 'tryAgain' }],
  },
})

function keyring(state: KeyringState, sentence: string, hint: string): Partial<World> {
  return {
    answers: {
      registry_logins: () => ({
        keyring: { state, sentence, hint, memoryAllowed: false },
        logins: [
          { registry: 'registry.example.com', username: 'anna', source: 'keyringNotReadable' },
          { registry: 'docker.io', username: '', source: 'docker' },
        ],
      }),
    },
  }
}

/** A create that ended because the registry wants a login. */
const pullDenied = fixtures.operation({
  id: 'operation-create',
  kind: 'create',
  runtime: 'not-created',
  name: 'eval-2',
  from: null,
  to: 'registry.example.com/team/promptflow:stable',
  state: 'failed',
  cancel: 'no',
  pull: null,
  finished: new Date().toISOString(),
  outcome: 'Nothing was left behind.',
  steps: [
    {
      kind: 'check',
      state: 'done',
      note: null,
      started: fixtures.ago(9000),
      finished: fixtures.ago(8000),
    },
    {
      kind: 'resolve',
      state: 'failed',
      note: 'The registry asked for a login.',
      started: fixtures.ago(8000),
      finished: fixtures.ago(6000),
    },
    { kind: 'pull', state: 'pending', note: null, started: null, finished: null },
    { kind: 'create', state: 'pending', note: null, started: null, finished: null },
    { kind: 'start', state: 'pending', note: null, started: null, finished: null },
    { kind: 'waitForHealth', state: 'pending', note: null, started: null, finished: null },
  ],
  problem: fixtures.problem({
    code: 'registryDenied',
    finding: {
      cause: 'pullDenied',
      sentence: 'registry.example.com refuses to hand out this image.',
      meaning: 'It wants a login, and none is known for it.',
      evidence: [{ probe: 'Answer of the registry', seen: '401 Unauthorized' }],
      advice: ['Add a login for this registry, then try again.'],
      remedies: [
        { kind: 'addLogin', registry: 'registry.example.com' },
        { kind: 'chooseImage' },
        { kind: 'tryAgain' },
      ],
    },
  }),
})

const named = (name: string) => fixtures.runtime({ id: `runtime-${name}`, name })

/** Many runtimes with all that may be said about one that is to be updated, or not. */
const fleet: UpdateAllPreview = {
  candidates: [
    fixtures.candidate(named('rag-prod'), {
      preview: fixtures.updatePreview(named('rag-prod'), {
        securityFixes: [facts({ version: '20240429.v9', security: true })],
      }),
    }),
    fixtures.candidate(named('eval'), {
      preview: fixtures.updatePreview(named('eval'), { running: false }),
    }),
    fixtures.candidate(named('nightly'), { never: true }),
    fixtures.candidate(named('a-runtime-with-a-very-long-name-that-does-not-fit-anywhere'), {
      from: 'registry.example.com/team/promptflow-runtime-with-a-long-name:20240401.v1',
      preview: fixtures.updatePreview(named('long'), {
        confirmations: [
          fixtures.problem({
            code: 'cannotBeKept',
            sentence:
              'The new image cannot be proved beside the running one. It uses the network of the host.',
            hints: [
              'It is proved after the switch-over instead; on a failure the old one is put back.',
            ],
          }),
        ],
      }),
    }),
  ],
  others: [
    {
      runtime: 'runtime-1',
      name: 'support-bot',
      computeName: 'local',
      because: { kind: 'upToDate', passedOver: [] },
    },
    {
      runtime: 'runtime-2',
      name: 'edge',
      computeName: 'raspberry',
      because: {
        kind: 'upToDate',
        passedOver: [
          {
            tag: '20240501.v3',
            because: { kind: 'notForArchitecture', architecture: 'arm64' },
          },
          {
            tag: '20240430.v1',
            because: { kind: 'failedHere', why: 'The container ended by itself with exit code 1.' },
          },
        ],
      },
    },
    {
      runtime: 'runtime-3',
      name: 'team-shared',
      computeName: 'gpu-box',
      because: { kind: 'unknown', because: noSuchHost },
    },
  ],
}

/** Scenes of single pages, by name. */
export const pageScenes: Record<string, () => Partial<World>> = {
  keyringMissing: () =>
    keyring(
      'missing',
      'This session has no keyring, so passwords cannot be kept on this machine.',
      'Install and start a keyring, gnome-keyring for instance; it is used without a restart.',
    ),
  keyringLocked: () =>
    keyring('locked', 'The keyring is locked.', 'Unlock it, then come back to this page.'),
  noConnections: () => ({ connections: [] }),
  noRepository: () => ({
    answers: {
      list_versions: ({ repository }) => ({
        repository: repository ?? fixtures.REPOSITORY,
        versions: [],
        newest: null,
        onlyLatest: false,
        newestDownloadSize: null,
        problem: noSuchHost,
      }),
    },
  }),
  manyVersions: () => ({
    answers: {
      list_versions: ({ repository }) => ({
        repository: repository ?? fixtures.REPOSITORY,
        newest: '20250131.v2',
        onlyLatest: false,
        newestDownloadSize: 412 * MB,
        problem: null,
        versions: [
          {
            version: '20250220.v2',
            ageInDays: 2,
            facts: facts({ version: '20250220.v2', knownBad: true, note: 'Does not start.' }),
          },
          {
            version: '20250131.v2',
            ageInDays: 22,
            facts: facts({
              version: '20250131.v2',
              promptflow: '1.17.2',
              tools: '1.5.0',
              security: true,
              note: 'Needs promptflow 1.17.1 or newer.',
            }),
          },
          { version: '20241126.v3', ageInDays: 88, facts: null },
        ],
      }),
    },
  }),
  updateAll: () => ({ answers: { preview_update_all: () => fleet } }),
  updateAllEmpty: () => ({
    answers: { preview_update_all: () => ({ candidates: [], others: fleet.others }) },
  }),
  updatingAll: () => ({
    series: [fixtures.series(), fixtures.endedSeries()],
    operations: [
      fixtures.operation({
        id: 'operation-1',
        runtime: 'runtime-eval',
        name: 'eval',
      }),
    ],
  }),
  updatedAll: () => ({ series: [fixtures.endedSeries()] }),
  policyWindow: () => ({
    answers: {
      update_policy: () =>
        fixtures.policyView({
          policy: {
            kind: 'window',
            window: { days: ['monday', 'wednesday', 'saturday'], from: '22:00', to: '03:30' },
            olderThanDays: 7,
          },
          looksAgain: new Date(Date.now() + 9 * 3_600_000).toISOString(),
          tooYoung: { version: '20240429.v10', oldEnoughOn: '2024-05-06' },
          lastLook: { at: fixtures.ago(16 * 3_600_000), sentence: 'One run was active.' },
          news: {
            operation: 'operation-1',
            version: '20240429.v8',
            started: fixtures.ago(40 * 3_600_000),
            outcome: { updated: true, sentence: 'my-runtime runs 20240429.v8.' },
          },
        }),
    },
  }),
  createFailed: () => ({ operations: [pullDenied] }),
}
