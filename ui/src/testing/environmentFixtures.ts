import type {
  BuildPreview,
  BuildSecretView,
  EnvironmentCheck,
  EnvironmentForm,
  Environments,
  EnvironmentVersionDetail,
  EnvironmentVersionView,
  EnvironmentView,
  Operation,
  Package,
  Source,
} from '../backend/types'
import { FakeLog, logSource } from './fakeLog'
import { ago, operation, problem, REPOSITORY } from './fixtures'

/** Environments of each kind and state, for tests and the gallery. */

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const MB = 1024 * 1024

export const emptyIndex = {
  url: '',
  username: '',
  extraUrls: [],
  trustedHosts: [],
  proxy: '',
  noProxy: '',
  certificates: '',
}

export const packagesSource: Source = {
  kind: 'packages',
  base: 'python:3.11-slim',
  promptflow: '1.18.1',
  tools: true,
  requirements: 'langchain==0.3.7\nfaiss-cpu\n',
  systemPackages: ['libgomp1'],
  installer: 'pip',
  index: emptyIndex,
}

export const contextSource: Source = {
  kind: 'buildContext',
  folder: '/home/anna/flows/image_build',
  dockerfile: 'docker/Dockerfile',
  arguments: [{ name: 'PYTHON_VERSION', value: '3.11', confirmed: false }],
  target: 'serve',
  secrets: [],
}

const digest = (letters: string) => `sha256:${letters.repeat(64 / letters.length)}`

export function environmentVersion(
  parts: Partial<EnvironmentVersionView> = {},
): EnvironmentVersionView {
  const number = parts.number ?? 1
  return {
    number,
    compute: 'local',
    computeName: 'local',
    image: `localhost/promptflow-runtimes/rag:${number}`,
    digest: digest('ab12cd34'),
    size: 1120 * MB,
    created: ago((4 - number) * 3 * DAY),
    bases: [{ reference: 'python:3.11-slim', digest: digest('11aa22bb'), fromRegistry: true }],
    python: '3.11.2 (/opt/venv/bin/python)',
    promptflow: '1.18.1',
    tools: '1.6.0',
    protocol: 'executor',
    packages: 142,
    runtimes: [],
    keptBy: [],
    operation: `build-${number}`,
    ...parts,
  }
}

/** The secrets that a definition names, each with its value in the keyring unless said otherwise. */
export const secretsOf = (source: Source, missing: string[] = []): BuildSecretView[] => {
  const ids =
    source.kind === 'buildContext'
      ? source.secrets
      : source.kind === 'packages' && source.index.username !== ''
        ? ['index']
        : []
  return ids.map((id) => ({ id, kept: !missing.includes(id) }))
}

/** A build context with a secret whose value is kept, and one whose value is missing. */
export const withSecrets = (parts: Partial<EnvironmentView> = {}): EnvironmentView => {
  const source: Source = { ...contextSource, secrets: ['pip', 'npm-token'] } as Source
  return environment({
    name: 'private-packages',
    description: 'The team’s own packages, from an index with a login.',
    source,
    secrets: secretsOf(source, ['npm-token']),
    ...parts,
  })
}

/** Packages from an index that asks for a login. */
export const withLogin = (parts: Partial<EnvironmentView> = {}): EnvironmentView =>
  environment({
    name: 'with-login',
    source: {
      ...packagesSource,
      index: { ...emptyIndex, url: 'https://index.example/simple', username: 'ann' },
    } as Source,
    ...parts,
  })

export function environment(parts: Partial<EnvironmentView> = {}): EnvironmentView {
  const name = parts.name ?? 'rag'
  return {
    id: `environment-${name}`,
    name,
    description: 'Retrieval flows with langchain and faiss.',
    source: packagesSource,
    port: null,
    healthPath: '',
    folder: `/home/anna/.local/share/promptflow-runtimes/environments/${name}`,
    versions: [],
    runtimes: [],
    operation: null,
    secrets: secretsOf(parts.source ?? packagesSource),
    problems: [],
    news: null,
    ...parts,
  }
}

/** Packages with three versions; one runtime runs the newest, another an older one. */
export const rag = (parts: Partial<EnvironmentView> = {}): EnvironmentView =>
  environment({
    name: 'rag',
    versions: [
      environmentVersion({ number: 3, runtimes: ['7f0c2f0e-4b0e-4a53-9f0a-000000000001'] }),
      environmentVersion({
        number: 2,
        size: 1090 * MB,
        promptflow: '1.17.2',
        packages: 139,
        runtimes: ['7f0c2f0e-4b0e-4a53-9f0a-000000000002'],
        keptBy: ['7f0c2f0e-4b0e-4a53-9f0a-000000000001'],
      }),
      environmentVersion({ number: 1, size: 1012 * MB, promptflow: '1.17.1', packages: 121 }),
    ],
    runtimes: ['7f0c2f0e-4b0e-4a53-9f0a-000000000001', '7f0c2f0e-4b0e-4a53-9f0a-000000000002'],
    ...parts,
  })

export const withNewerBase = environment({
  name: 'summaries',
  description: 'What the nightly summaries run on.',
  source: { ...packagesSource, promptflow: '', requirements: '' } as Source,
  versions: [
    environmentVersion({ number: 4, image: 'localhost/promptflow-runtimes/summaries:4' }),
    environmentVersion({ number: 3, image: 'localhost/promptflow-runtimes/summaries:3' }),
  ],
  news: {
    newer: [{ from: 'python:3.11-slim', to: 'python:3.11-slim', digest: digest('99ff88ee') }],
    packages: [{ name: 'pandas', from: '2.1.0', to: '2.3.1' }],
    checked: ago(20 * MINUTE),
    problem: null,
  },
})

/** One of each kind and state. */
export const manyEnvironments = (): EnvironmentView[] => [
  environment({
    name: 'building',
    description: '',
    versions: [
      environmentVersion({ number: 1, image: 'localhost/promptflow-runtimes/building:1' }),
    ],
    operation: 'operation-build',
  }),
  environment({
    name: 'from-a-folder',
    description: 'The team’s own Dockerfile.',
    source: contextSource,
    versions: [
      environmentVersion({
        number: 2,
        image: 'localhost/promptflow-runtimes/from-a-folder:2',
        promptflow: null,
        tools: null,
        python: null,
        protocol: 'azureRuntime',
      }),
    ],
  }),
  environment({
    name: 'microsoft',
    description: 'The image as Microsoft made it last.',
    source: { kind: 'default', repository: '', version: '' },
    versions: [
      environmentVersion({
        number: 1,
        image: `${REPOSITORY}:20240429.v10`,
        python: '3.9.19 (/azureml-envs/prompt-flow/runtime/bin/python)',
        promptflow: '1.10.1',
        tools: '1.4.0',
      }),
    ],
  }),
  rag(),
  withNewerBase,
  environment({
    name: 'team-image',
    description: '',
    source: { kind: 'image', reference: 'registry.example.com/team/promptflow:stable' },
  }),
  environment({
    name: 'edited-by-hand',
    description: '',
    source: { ...packagesSource, base: 'https://python' } as Source,
    problems: [
      problem({
        code: 'invalidInput',
        field: 'base',
        sentence: 'The base "https://python" is not the name of an image.',
        hints: ['Write it like python:3.11-slim.'],
      }),
    ],
  }),
]

export const environments = (parts: Partial<Environments> = {}): Environments => ({
  environments: manyEnvironments(),
  unreadable: [
    {
      folder: '/home/anna/.local/share/promptflow-runtimes/environments/old',
      problem: problem({
        code: 'storage',
        sentence: 'Its environment.yaml cannot be read: line 3 is no YAML.',
        hints: ['Mend the file, or move the folder away.'],
      }),
    },
  ],
  folder: '/home/anna/.local/share/promptflow-runtimes/environments',
  ...parts,
})

export const DOCKERFILE = [
  'FROM python:3.11-slim',
  'ENV PATH=/opt/venv/bin:$PATH',
  'RUN apt-get update && apt-get install -y --no-install-recommends libgomp1',
  'RUN python -m venv /opt/venv',
  'COPY requirements.txt /tmp/requirements.txt',
  'RUN pip install -r /tmp/requirements.txt',
  'CMD ["pf", "flow", "serve"]',
  '',
].join('\n')

/** What a form would be told: the few rules that tests and the gallery show. */
export function environmentCheck(form: EnvironmentForm): EnvironmentCheck {
  const problems: EnvironmentCheck['problems'] = []
  const wrong = (field: string, sentence: string, hints: string[] = []) =>
    problems.push(problem({ code: 'invalidInput', field, sentence, hints }))
  if (form.name.trim() === '') wrong('name', 'Give the environment a name.')
  const { source } = form
  switch (source.kind) {
    case 'packages':
      if (source.base.trim() === '') wrong('base', 'Give the image that it is built on.')
      if (source.index.url !== '' && !source.index.url.startsWith('http')) {
        wrong('index.url', 'An address begins with https:// or http://.')
      }
      if (source.index.username !== '' && source.index.url === '') {
        wrong('index.username', 'The public index needs no login.')
      }
      break
    case 'buildContext':
      if (!source.folder.startsWith('/')) {
        wrong('folder', 'Give the whole path of the folder, beginning with "/".')
      }
      source.secrets.forEach((id, at) => {
        if (!/^[a-zA-Z0-9][\w.-]*$/.test(id)) {
          wrong(`secrets.${at}`, 'A secret’s id begins with a letter or digit.')
        } else if (source.secrets.indexOf(id) < at) {
          wrong(`secrets.${at}`, `${id} is given twice.`)
        }
      })
      source.arguments.forEach(({ name, confirmed }, at) => {
        if (/KEY|TOKEN/.test(name) && !confirmed) {
          wrong(`arguments.${at}`, `${name} looks like a key.`, [
            'Take it out, or confirm that it is no secret.',
          ])
        }
      })
      break
    case 'image':
      if (source.reference.trim() === '') wrong('reference', 'Give the name of an image.')
      break
    case 'default':
      break
  }
  const built = source.kind === 'packages' || source.kind === 'buildContext'
  const base = source.kind === 'packages' ? source.base : 'python:3.11-slim'
  return {
    problems,
    dockerfile: built ? DOCKERFILE.replace('python:3.11-slim', base) : null,
    bases: built ? [base] : [],
    stages: source.kind === 'buildContext' ? ['build', 'serve'] : [],
  }
}

const packages: Package[] = Array.from({ length: 142 }, (_, index) => ({
  name: index === 0 ? 'promptflow' : `package-${index.toString().padStart(3, '0')}`,
  version: `1.${index % 12}.${index % 7}`,
}))

export function versionDetail(
  of: EnvironmentView,
  number: number,
  parts: Partial<EnvironmentVersionDetail> = {},
): EnvironmentVersionDetail {
  const version = of.versions.find((one) => one.number === number)
  if (!version) {
    throw problem({ code: 'notFound', sentence: 'The version does not exist any more.' })
  }
  const before = of.versions.find((one) => one.number < number) ?? null
  return {
    version,
    packages,
    lock: packages.map(({ name, version }) => `${name}==${version}`).join('\n'),
    dockerfile:
      of.source.kind === 'packages' || of.source.kind === 'buildContext' ? DOCKERFILE : '',
    before,
    changes: before
      ? [
          { name: 'promptflow', from: '1.17.2', to: '1.18.1' },
          { name: 'faiss-cpu', from: null, to: '1.9.0' },
          { name: 'pillow', from: '10.3.0', to: null },
        ]
      : [],
    sharedLayers: before ? 5 : 0,
    layers: 9,
    there: true,
    ...parts,
  }
}

export function buildPreview(parts: Partial<BuildPreview> = {}): BuildPreview {
  return {
    number: 4,
    bases: [
      {
        reference: 'python:3.11-slim',
        digest: digest('99ff88ee'),
        usedDigest: digest('11aa22bb'),
        downloadSize: 46 * MB,
        problem: null,
      },
    ],
    changes: [],
    dockerfile: DOCKERFILE,
    context: { files: 12, bytes: 3.4 * MB, ignored: 4 },
    freeDisk: 84 * 1024 * MB,
    problems: [],
    warnings: ['faiss-cpu has no version, so another one may be installed each time.'],
    ...parts,
  }
}

const step = (
  kind: Operation['steps'][number]['kind'],
  state: Operation['steps'][number]['state'],
  note: string | null = null,
): Operation['steps'][number] => ({
  kind,
  state,
  note,
  started: state === 'pending' ? null : ago(60_000),
  finished: state === 'done' || state === 'failed' ? ago(20_000) : null,
})

/** A build under way. */
export function buildOperation(parts: Partial<Operation> = {}): Operation {
  return operation({
    id: 'operation-build',
    kind: 'build',
    runtime: null,
    environment: 'environment-building',
    name: 'building',
    pull: null,
    from: '1',
    to: '2',
    fromDigest: null,
    toDigest: null,
    steps: [
      step('check', 'done'),
      step('resolve', 'done', 'python:3.11-slim'),
      step('pull', 'done'),
      step('build', 'running'),
      step('inspect', 'pending'),
      step('prove', 'pending'),
      step('keep', 'pending'),
    ],
    build: {
      sent: 3.4 * MB,
      total: 7,
      steps: [
        {
          number: 1,
          instruction: 'FROM python:3.11-slim',
          state: 'done',
          cached: false,
          started: ago(58_000),
          finished: ago(57_000),
        },
        {
          number: 2,
          instruction:
            'RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*',
          state: 'done',
          cached: true,
          started: ago(57_000),
          finished: ago(57_000),
        },
        {
          number: 3,
          instruction: 'RUN pip install -r /tmp/requirements.txt',
          state: 'running',
          cached: false,
          started: ago(40_000),
          finished: null,
        },
      ],
    },
    ...parts,
  })
}

/** A build that ended because no version of a package fits. */
export function failedBuild(parts: Partial<Operation> = {}): Operation {
  const running = buildOperation()
  return {
    ...running,
    id: 'build-failed',
    state: 'failed',
    cancel: 'no',
    finished: ago(5000),
    steps: running.steps.map((one) =>
      one.kind === 'build' ? { ...one, state: 'failed', finished: ago(5000) } : one,
    ),
    build: running.build && {
      ...running.build,
      steps: running.build.steps.map((one) =>
        one.state === 'running' ? { ...one, state: 'failed', finished: ago(5000) } : one,
      ),
    },
    outcome: 'Nothing was changed. Version 1 stays the newest.',
    problem: problem({
      code: 'buildFailed',
      sentence: 'No version of fais-cpu can be found.',
      retry: true,
      finding: {
        cause: 'packageNotFound',
        sentence: 'No version of fais-cpu can be found.',
        meaning: 'The package index knows no package of this name.',
        evidence: [
          {
            probe: 'The step that failed',
            seen: 'Step 3: RUN pip install -r /tmp/requirements.txt',
          },
          {
            probe: 'What it said',
            seen: 'ERROR: No matching distribution found for fais-cpu',
          },
          { probe: 'The line in requirements.txt', seen: '2: fais-cpu' },
        ],
        advice: ['Check how the package is spelled.'],
        remedies: [{ kind: 'tryAgain' }],
      },
    }),
    ...parts,
  }
}

/** What was done on an environment, newest first. */
export const pastBuilds = (of: EnvironmentView): Operation[] =>
  of.versions.map((version) =>
    buildOperation({
      id: version.operation,
      environment: of.id,
      name: of.name,
      state: 'succeeded',
      cancel: 'no',
      from: version.number === 1 ? null : String(version.number - 1),
      to: String(version.number),
      started: version.created,
      finished: new Date(Date.parse(version.created) + 95_000).toISOString(),
      outcome: `Version ${version.number} of ${of.name} is ready.`,
      steps: (['check', 'resolve', 'pull', 'build', 'inspect', 'prove', 'keep'] as const).map(
        (kind) => ({ ...step(kind, 'done'), started: version.created, finished: version.created }),
      ),
      build: null,
    }),
  )

/** The log of a build that failed. */
export const buildLog = () =>
  new FakeLog(
    [
      'Step 1/7 : FROM python:3.11-slim',
      ' ---> 0123456789ab',
      'Step 3/7 : RUN pip install -r /tmp/requirements.txt',
      'Collecting langchain==0.3.7',
      'ERROR: No matching distribution found for fais-cpu',
    ].map((text) => ({ time: ago(30_000), error: text.startsWith('ERROR'), text })),
    { sources: [logSource({ name: 'build', runtime: null })], commands: [] },
  )
