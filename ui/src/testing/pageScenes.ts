import type { KeyringState, Problem, VersionFacts } from '../backend/types'
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
  runtimeName: 'eval-2',
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
  createFailed: () => ({ operations: [pullDenied] }),
}
