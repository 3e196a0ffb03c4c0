import type {
  ComputeView,
  Finding,
  Member,
  Operation,
  PolicyView,
  Problem,
  Runtime,
  RuntimeDetail,
  Series,
  Settings,
  UpdateCandidate,
  UpdatePreview,
  VersionCheck,
} from '../backend/types'

/** Data that looks like a person's own, for tests and the gallery. Times are relative to now. */

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const MB = 1024 * 1024

export const ago = (milliseconds: number): string =>
  new Date(Date.now() - milliseconds).toISOString()

export const REPOSITORY = 'mcr.microsoft.com/azureml/promptflow/promptflow-runtime'

export const settings: Settings = {
  appearance: 'system',
  repository: null,
  checkEveryHours: 24,
  readyWithinSeconds: 300,
}

export function problem(parts: Partial<Problem> = {}): Problem {
  return {
    code: 'engine',
    sentence: 'The engine refused to start the container.',
    hints: [],
    details: null,
    retry: false,
    field: null,
    finding: null,
    ...parts,
  }
}

export const portTaken: Finding = {
  cause: 'portTaken',
  sentence: 'Port 8080 is taken by "nginx".',
  meaning: 'The container was created, but the engine cannot publish its port.',
  evidence: [
    {
      probe: 'Answer of the engine',
      seen: 'driver failed programming external connectivity: Bind for 127.0.0.1:8080 failed: port is already allocated',
    },
  ],
  advice: ['Choose another port, or stop what uses this one.'],
  remedies: [{ kind: 'choosePort', free: 18082 }, { kind: 'viewLogs' }, { kind: 'tryAgain' }],
}

export function compute(parts: Partial<ComputeView> = {}): ComputeView {
  return {
    id: 'local',
    name: 'local',
    origin: { kind: 'defaultSocket' },
    address: { kind: 'socket', path: '/var/run/docker.sock' },
    state: { kind: 'connected' },
    facts: {
      engine: 'Docker Engine',
      version: '20.10.24',
      apiVersion: '1.41',
      architecture: 'amd64',
      operatingSystem: 'linux',
      cpus: 8,
      memory: 16 * 1024 * MB,
      engineId: 'engine-1',
      dataRoot: '/var/lib/docker',
      swarmWorkerWithoutControl: false,
      isPodman: false,
      builder: 'buildKit',
    },
    inStepUntil: null,
    freeDisk: 84 * 1024 * MB,
    runtimes: 3,
    startedHere: false,
    ...parts,
  }
}

export const podman = compute({
  id: 'podman',
  name: 'podman',
  origin: { kind: 'podmanUser' },
  address: { kind: 'socket', path: '/run/user/1000/podman/podman.sock' },
  runtimes: 1,
  state: {
    kind: 'reconnecting',
    why: {
      reason: { kind: 'refused', path: '/run/user/1000/podman/podman.sock' },
      sentence: 'Nothing listens on /run/user/1000/podman/podman.sock.',
      hints: ['The engine was stopped. It is tried again by itself.'],
      command: null,
    },
  },
  inStepUntil: ago(12 * MINUTE),
})

export const unreachable = compute({
  id: 'local',
  runtimes: 0,
  facts: null,
  freeDisk: null,
  state: {
    kind: 'notReachable',
    why: {
      reason: {
        kind: 'permissionDenied',
        path: '/var/run/docker.sock',
        group: 'docker',
        command: 'sudo usermod -aG docker $USER',
      },
      sentence:
        'This user may not use /var/run/docker.sock, because it is not in the group docker.',
      hints: ['Join the group, then log out and in again.'],
      command: 'sudo usermod -aG docker $USER',
    },
  },
})

export function runtime(parts: Partial<Runtime> = {}): Runtime {
  const id = parts.id ?? '7f0c2f0e-4b0e-4a53-9f0a-000000000001'
  return {
    id,
    name: 'my-runtime',
    compute: 'local',
    computeName: 'local',
    status: 'Available',
    statusReason: '',
    finding: null,
    version: '20240429.v8',
    image: `${REPOSITORY}:20240429.v8`,
    digest: 'sha256:ab12cd34ef56ab12cd34ef56ab12cd34ef56ab12cd34ef56ab12cd34ef56ab12',
    environment: 'default',
    endpoint: 'http://127.0.0.1:18080',
    protocol: 'executor',
    containerId: '4f5e6d7c8b9a4f5e6d7c8b9a4f5e6d7c8b9a4f5e6d7c8b9a4f5e6d7c8b9a4f5e',
    created: ago(9 * DAY),
    started: ago(5 * HOUR),
    creator: 'anna@workstation',
    mine: true,
    operation: null,
    lock: null,
    previous: null,
    updateAvailable: null,
    generation: 1,
    restartCount: 0,
    ports: [{ containerPort: 8080, protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 18080 }],
    mounts: [
      { kind: 'volume', source: 'my-runtime-data', target: '/data', readOnly: false },
      { kind: 'bind', source: '/home/anna/flows', target: '/flows', readOnly: true },
    ],
    memoryLimit: 4 * 1024 * MB,
    cpuLimit: 2,
    restartPolicy: 'unless-stopped',
    adopted: null,
    spec: {
      schema: 1,
      name: parts.name ?? 'my-runtime',
      description: 'Support flows of the team',
      environment: { kind: 'default', repository: REPOSITORY, version: null },
      hostPort: 18080,
      bindAddress: '127.0.0.1',
      targetPort: null,
      memoryLimit: 4 * 1024 * MB,
      cpuLimit: 2,
      variables: ['PF_WORKER_COUNT', 'TEAM_NAME'],
      mounts: [{ source: 'my-runtime-data', target: '/data', readOnly: false }],
      restartPolicy: 'unless-stopped',
      startCommand: '',
      healthPath: '/health',
    },
    ...parts,
  }
}

const numbered = (number: number) =>
  `7f0c2f0e-4b0e-4a53-9f0a-${number.toString().padStart(12, '0')}`

/** A dozen of runtimes in every state. */
export function manyRuntimes(): Runtime[] {
  const some: Partial<Runtime>[] = [
    {
      updateAvailable: '20240429.v10',
      previous: {
        image: `${REPOSITORY}:20240429.v7`,
        version: '20240429.v7',
        since: ago(2 * DAY),
        kept: true,
      },
    },
    {
      name: 'eval',
      status: 'Failed',
      statusReason: 'Port taken',
      finding: portTaken,
      version: '20240429.v10',
      endpoint: null,
      started: null,
      protocol: null,
    },
    { name: 'support-bot', version: '20240429.v10', endpoint: 'http://127.0.0.1:18083' },
    { name: 'nightly', status: 'Stopped', started: null, endpoint: 'http://127.0.0.1:18084' },
    {
      name: 'team-shared',
      mine: false,
      creator: 'ben@gpu-box',
      status: 'Unavailable',
      statusReason: 'The service does not answer since 3 minutes',
      updateAvailable: '20240429.v10',
      finding: {
        cause: 'notReadyInTime',
        sentence: 'The service has not answered for 3 minutes.',
        meaning: 'The container runs, but flows cannot run on it.',
        evidence: [{ probe: 'GET /health', seen: 'no answer within 5 s, three times' }],
        advice: ['Restart the runtime.'],
        remedies: [{ kind: 'restart' }, { kind: 'viewLogs' }],
      },
    },
    {
      name: 'custom-image',
      version: null,
      image: 'registry.example.com/team/promptflow:stable',
      environment: 'registry.example.com/team/promptflow:stable',
      endpoint: 'http://127.0.0.1:18085',
    },
    {
      name: 'rag-prod',
      status: 'Updating',
      operation: 'operation-update',
      endpoint: 'http://127.0.0.1:18086',
    },
    { name: 'fresh', status: 'Starting', started: ago(20_000), endpoint: null },
    {
      name: 'on-podman',
      compute: 'podman',
      computeName: 'podman',
      endpoint: 'http://127.0.0.1:18087',
    },
    {
      name: 'locked-elsewhere',
      lock: { who: 'ben@gpu-box', since: ago(20 * MINUTE), ours: false },
      endpoint: 'http://127.0.0.1:18088',
    },
    {
      name: 'a-runtime-with-a-very-long-name-that-does-not-fit-into-its-column',
      endpoint: 'http://127.0.0.1:18089',
    },
    { name: 'exposed', endpoint: 'http://192.168.1.20:18090' },
  ]
  return some.map((parts, index) =>
    runtime({ id: numbered(index + 1), created: ago((index * 2 + 1) * DAY), ...parts }),
  )
}

export function operation(parts: Partial<Operation> = {}): Operation {
  return {
    id: 'operation-update',
    kind: 'update',
    runtime: numbered(7),
    environment: null,
    name: 'rag-prod',
    compute: 'local',
    state: 'running',
    steps: [
      { kind: 'lock', state: 'done', note: null, started: ago(40_000), finished: ago(39_000) },
      {
        kind: 'resolve',
        state: 'done',
        note: '20240429.v10 was found.',
        started: ago(39_000),
        finished: ago(38_000),
      },
      { kind: 'pull', state: 'running', note: null, started: ago(38_000), finished: null },
      { kind: 'prove', state: 'pending', note: null, started: null, finished: null },
      { kind: 'switchOver', state: 'pending', note: null, started: null, finished: null },
      { kind: 'waitForHealth', state: 'pending', note: null, started: null, finished: null },
      { kind: 'cleanUp', state: 'pending', note: null, started: null, finished: null },
    ],
    pull: {
      layers: [
        { id: 'a1b2c3d4e5f6', state: 'present', current: 0, total: 0 },
        { id: 'b2c3d4e5f6a1', state: 'done', current: 20 * MB, total: 20 * MB },
        { id: 'c3d4e5f6a1b2', state: 'downloading', current: 32 * MB, total: 64 * MB },
        { id: 'd4e5f6a1b2c3', state: 'waiting', current: 0, total: 0 },
      ],
      current: 52 * MB,
      total: 84 * MB,
      percent: 62,
      rate: 6.2 * MB,
      secondsLeft: 5,
    },
    build: null,
    cancel: 'cancel',
    from: '20240429.v8',
    to: '20240429.v10',
    fromDigest: 'sha256:ab12cd34ef56',
    toDigest: 'sha256:cd34ef56ab12',
    packages: null,
    problem: null,
    outcome: null,
    keptLog: null,
    withoutService: null,
    startedBy: 'anna@workstation',
    started: ago(40_000),
    finished: null,
    ...parts,
  }
}

const doneSteps = (...kinds: Operation['steps'][number]['kind'][]): Operation['steps'] =>
  kinds.map((kind, index) => ({
    kind,
    state: 'done',
    note: null,
    started: ago(HOUR - index * 1000),
    finished: ago(HOUR - (index + 1) * 1000),
  }))

/** What happened to a runtime, newest first. */
export function pastOperations(of: Runtime): Operation[] {
  const base = { runtime: of.id, name: of.name, cancel: 'no' as const, pull: null }
  return [
    operation({
      ...base,
      id: 'past-1',
      state: 'failed',
      from: '20240429.v8',
      to: '20240429.v9',
      started: ago(3 * HOUR),
      finished: ago(3 * HOUR - 95_000),
      steps: [
        ...doneSteps('lock', 'resolve', 'pull'),
        {
          kind: 'prove',
          state: 'failed',
          note: 'The container ended with code 1.',
          started: ago(3 * HOUR),
          finished: ago(3 * HOUR - 95_000),
        },
      ],
      problem: problem({
        code: 'containerFailed',
        sentence: 'The new version ended right after its start.',
        finding: {
          cause: 'containerExited',
          sentence: 'The new version ended right after its start with code 1.',
          meaning: 'It was tried beside the running one, which never stopped.',
          evidence: [{ probe: 'Last lines of the log', seen: 'ModuleNotFoundError: promptflow' }],
          advice: ['Choose another version.'],
          remedies: [{ kind: 'chooseImage' }],
        },
      }),
      outcome: 'my-runtime still runs 20240429.v8.',
      keptLog:
        'Traceback (most recent call last):\n  File "/opt/start.py", line 3, in <module>\nModuleNotFoundError: No module named \'promptflow\'',
    }),
    operation({
      ...base,
      id: 'past-2',
      state: 'succeeded',
      from: '20240429.v7',
      to: '20240429.v8',
      started: ago(2 * DAY),
      finished: ago(2 * DAY - 64_000),
      withoutService: 1830,
      steps: doneSteps('lock', 'resolve', 'pull', 'prove', 'switchOver', 'waitForHealth'),
      packages: [
        { name: 'promptflow', from: '1.10.0', to: '1.10.1' },
        { name: 'openai', from: '1.23.2', to: '1.25.0' },
        { name: 'pillow', from: null, to: '10.3.0' },
      ],
      outcome: 'my-runtime runs 20240429.v8.',
    }),
    operation({
      ...base,
      id: 'past-3',
      kind: 'create',
      state: 'succeeded',
      from: null,
      to: '20240429.v7',
      started: ago(9 * DAY),
      finished: ago(9 * DAY - 180_000),
      steps: doneSteps('check', 'resolve', 'pull', 'create', 'start', 'waitForHealth'),
    }),
  ]
}

export function detail(of: Runtime): RuntimeDetail {
  return {
    runtime: of,
    promptflow: of.status === 'Available' ? '1.10.1' : null,
    tools: of.status === 'Available' ? '1.4.0' : null,
    python: of.status === 'Available' ? '3.9.19' : null,
    imageCreated: ago(14 * DAY),
    imageSize: 1450 * MB,
    variables: [
      { name: 'PF_WORKER_COUNT', source: 'person' },
      { name: 'TEAM_NAME', source: 'person' },
      { name: 'PF_LONG_RUNNING_LOGGING_INTERVAL', source: 'product' },
      { name: 'PATH', source: 'image' },
    ],
    command: '/bin/bash -c "runsvdir /etc/service"',
    networks: ['bridge'],
    cannotUpdate: [],
    curl: of.endpoint ? `curl ${of.endpoint}/version` : null,
  }
}

export function versionCheck(of: Runtime, parts: Partial<VersionCheck> = {}): VersionCheck {
  return {
    runtime: of.id,
    checked: ago(30_000),
    repository: REPOSITORY,
    current: of.version,
    currentFacts: null,
    answer: {
      kind: 'newer',
      image: `${REPOSITORY}:20240429.v10`,
      version: '20240429.v10',
      ageInDays: 3,
      downloadSize: 84 * MB,
      facts: {
        version: '20240429.v10',
        promptflow: '1.10.1',
        tools: '1.4.0',
        security: true,
        knownBad: false,
        note: 'Mends a vulnerability in a dependency.',
      },
      securityFixes: [
        {
          version: '20240429.v9',
          promptflow: null,
          tools: null,
          security: true,
          knownBad: false,
          note: 'Updates aiohttp.',
        },
        {
          version: '20240429.v10',
          promptflow: null,
          tools: null,
          security: true,
          knownBad: false,
          note: 'Mends a vulnerability in a dependency.',
        },
      ],
      passedOver: [],
      skipped: false,
      snoozedUntil: null,
    },
    supportEnded: '2026-04-30',
    ...parts,
  }
}

/** What an update of this runtime to 20240429.v10 would do. */
export function updatePreview(of: Runtime, parts: Partial<UpdatePreview> = {}): UpdatePreview {
  return {
    from: {
      image: of.image,
      version: of.version,
      digest: of.digest,
      created: ago(20 * DAY),
      facts: null,
    },
    to: {
      image: `${REPOSITORY}:20240429.v10`,
      version: '20240429.v10',
      digest: 'sha256:cd34ef56ab12cd34ef56',
      created: ago(3 * DAY),
      facts: null,
    },
    sameImage: false,
    downloadSize: 84 * MB,
    securityFixes: [],
    changes: null,
    refusals: [],
    confirmations: [],
    activeRuns: { kind: 'known', count: 1 },
    volumes: ['my-runtime-data'],
    running: true,
    keepsPreviousDays: 14,
    ...parts,
  }
}

/** A runtime that can be updated to 20240429.v10. */
export function candidate(of: Runtime, parts: Partial<UpdateCandidate> = {}): UpdateCandidate {
  return {
    runtime: of.id,
    name: of.name,
    compute: of.compute,
    computeName: of.computeName,
    environment: { kind: 'default', repository: REPOSITORY, version: '20240429.v10' },
    from: of.version ?? of.image,
    to: '20240429.v10',
    rebuilt: false,
    preview: updatePreview(of, { activeRuns: { kind: 'known', count: 0 } }),
    never: false,
    skipped: false,
    ...parts,
  }
}

export function member(name: string, parts: Partial<Member> = {}): Member {
  return {
    runtime: `runtime-${name}`,
    name,
    compute: 'local',
    from: '20240429.v8',
    to: '20240429.v10',
    image: 'sha256:cd34ef56ab12cd34ef56',
    state: 'waiting',
    operation: null,
    note: null,
    ...parts,
  }
}

export function series(parts: Partial<Series> = {}): Series {
  return {
    id: 'series-1',
    rules: { parallel: 1, onFailure: 'stop', cancelRuns: false },
    members: [
      member('rag-prod', { state: 'updated', operation: 'operation-first' }),
      member('eval', { state: 'running', operation: 'operation-1' }),
      member('nightly'),
    ],
    closing: null,
    end: null,
    startedBy: 'anna@workstation',
    started: ago(4 * MINUTE),
    finished: null,
    ...parts,
  }
}

/** A series that ended with all that can become of a runtime. */
export const endedSeries = (): Series =>
  series({
    id: 'series-0',
    end: 'afterFailure',
    started: ago(2 * DAY),
    finished: ago(2 * DAY - 9 * MINUTE),
    members: [
      member('rag-prod', { state: 'updated' }),
      member('eval', {
        state: 'failed',
        note: 'The container ended by itself with exit code 1. The new version cannot serve.',
      }),
      member('nightly', {
        state: 'skipped',
        note: '20240429.v10 did not work on eval, so it was not tried here.',
      }),
      member('summaries', { state: 'notStarted', to: '20240430.v1' }),
    ],
  })

export const policyView = (parts: Partial<PolicyView> = {}): PolicyView => ({
  policy: { kind: 'tellMe' },
  looksAgain: null,
  openUntil: null,
  tooYoung: null,
  lastLook: null,
  news: null,
  ...parts,
})
