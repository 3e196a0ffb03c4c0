import type { CommandName, Request, Response } from '../backend'
import { installFakeIpc, sendOver } from '../backend/fakeIpc'
import type {
  Change,
  ComputeView,
  ConnectionView,
  EnvironmentView,
  LogOf,
  Operation,
  Runtime,
  Series,
  Settings,
  UnreadableEnvironment,
} from '../backend/types'
import { diskView, foreignContainers } from './adoptFixtures'
import { type BatchWorld, batchAnswers, batchWorld } from './batchAnswers'
import { configuration, configurationPreview } from './configurationFixtures'
import * as connected from './connectionFixtures'
import { diagnosis, mendPreview, supportFile } from './diagnosisFixtures'
import * as made from './environmentFixtures'
import { FakeLog, FakeView } from './fakeLog'
import * as fixtures from './fixtures'
import { type FlowWorld, flowAnswers, flowWorld } from './flowAnswers'

/** Answers of single commands; what is missing is answered from the world. */
export type Answers = {
  [C in CommandName]?: (request: Request<C>) => Response<C> | Promise<Response<C>>
}

/** What exists in a pretended application. */
export interface World extends FlowWorld, BatchWorld {
  runtimes: Runtime[]
  computes: ComputeView[]
  operations: Operation[]
  /** Newest first; one that runs is told, too. */
  series: Series[]
  environments: EnvironmentView[]
  unreadable: UnreadableEnvironment[]
  connections: ConnectionView[]
  settings: Settings
  /** The log of runtimes, also of several. */
  log: FakeLog
  buildLog: FakeLog
  /** Of a file that is dropped. */
  fileLog: FakeLog
  answers: Answers
  /** What plugins of the window answer, by `plugin:NAME|COMMAND`; others answer with nothing. */
  plugins: Record<string, (args: Record<string, unknown>) => unknown>
}

export interface FakeBackend {
  world: World
  /** Calls so far: command and request. */
  calls: Array<{ command: string; request: unknown }>
  /** Tells a change, as the application would by itself. */
  tell(change: Change): void
  /** Requests of one command so far. */
  requests<C extends CommandName>(command: C): Array<Request<C>>
}

/** Answers of a world in which nothing special happens. */
function standardAnswers(world: World): Answers {
  const find = (id: string): Runtime => {
    const found = world.runtimes.find((runtime) => runtime.id === id)
    if (!found) {
      throw fixtures.problem({
        code: 'notFound',
        sentence: 'This runtime does not exist any more.',
      })
    }
    return found
  }
  const findEnvironment = (id: string): EnvironmentView => {
    const found = world.environments.find((environment) => environment.id === id)
    if (!found) {
      throw fixtures.problem({
        code: 'notFound',
        sentence: 'This environment does not exist any more.',
      })
    }
    return found
  }
  const started = () => ({ operation: 'operation-started' })
  const nothing = () => ({})
  return {
    ...flowAnswers(world),
    ...batchAnswers(world),
    app_info: () => ({
      version: '0.1.0',
      creator: 'anna@workstation',
      dataFolder: '/home/anna/.local/share/promptflow-runtimes',
      logFolder: '/home/anna/.local/state/promptflow-runtimes/logs',
      defaultRepositories: [fixtures.REPOSITORY, `${fixtures.REPOSITORY}-stable`],
      repositoryFromEnvironment: false,
      historySetAside: null,
    }),
    settings: () => world.settings,
    list_computes: () => ({ computes: world.computes }),
    first_run: () => ({
      podman: '4.3.1',
      podmanStarting: false,
      dockerInstalled: false,
      system: 'Debian GNU/Linux 12 (bookworm)',
      commands: [
        { purpose: 'installDocker', command: 'sudo apt-get install docker.io' },
        { purpose: 'joinDockerGroup', command: 'sudo usermod -aG docker $USER' },
      ],
    }),
    list_runtimes: () => ({ runtimes: world.runtimes, computes: world.computes }),
    list_operations: () => ({
      operations: [
        ...world.operations,
        ...(world.runtimes[0] ? fixtures.pastOperations(world.runtimes[0]) : []),
      ],
    }),
    watch_rows: nothing,
    runtime_detail: ({ runtime }) => fixtures.detail(find(runtime)),
    runtime_packages: ({ runtime }) => {
      find(runtime)
      return {
        python: '3.9.19 (/azureml-envs/prompt-flow/runtime/bin/python)',
        packages: Array.from({ length: 240 }, (_, index) => ({
          name: index === 0 ? 'promptflow' : `package-${index.toString().padStart(3, '0')}`,
          version: `1.${index % 12}.${index % 7}`,
        })),
      }
    },
    runtime_history: ({ runtime }) => ({ operations: fixtures.pastOperations(find(runtime)) }),
    check_version: ({ runtime }) => ({ check: fixtures.versionCheck(find(runtime)) }),
    list_versions: ({ repository }) => ({
      repository: repository ?? fixtures.REPOSITORY,
      versions: ['20240429.v10', '20240429.v9', '20240429.v8', '20240403.v2'].map(
        (version, index) => ({ version, ageInDays: 3 + index * 9, facts: null }),
      ),
      newest: '20240429.v10',
      onlyLatest: false,
      newestDownloadSize: 84 * 1024 * 1024,
      problem: null,
    }),
    preview_image: ({ reference }) => ({
      reference,
      digest: 'sha256:ab12cd34ef56',
      created: fixtures.ago(86_400_000),
      downloadSize: 84 * 1024 * 1024,
      ports: [8080],
      local: false,
    }),
    propose_runtime: () => ({
      name: 'runtime20261124t1417',
      hostPort: 18091,
      repository: fixtures.REPOSITORY,
      memory: 16 * 1024 ** 3,
      cpus: 8,
    }),
    check_draft: () => ({ problems: [] }),
    preflight: () => ({
      checks: [
        {
          kind: 'engine',
          state: 'good',
          sentence: 'Docker Engine 20.10.24 answers.',
          problem: null,
        },
        {
          kind: 'image',
          state: 'good',
          sentence: '20240429.v10 exists for amd64 and may be pulled.',
          problem: null,
        },
        {
          kind: 'disk',
          state: 'warning',
          sentence: 'About 6 GB stay free after the download.',
          problem: null,
        },
        { kind: 'memory', state: 'good', sentence: '4 GB of 16 GB.', problem: null },
        { kind: 'port', state: 'good', sentence: 'Port 18091 is free.', problem: null },
        { kind: 'name', state: 'good', sentence: 'The name is free.', problem: null },
      ],
      canCreate: true,
      image: '20240429.v10',
      downloadSize: 84 * 1024 * 1024,
    }),
    preview_update: ({ runtime }) => fixtures.updatePreview(find(runtime)),
    preview_roll_back: () => ({ changes: [] }),
    configuration: ({ runtime }) => configuration(find(runtime)),
    preview_configuration: () => configurationPreview(),
    preview_delete: ({ runtime }) => {
      const of = find(runtime)
      return {
        containers: of.previous ? [of.name, `${of.name}.previous`] : [of.name],
        ownVolumes: ['my-runtime-data'],
        sharedVolumes: ['shared-models'],
        bindMounts: ['/home/anna/flows'],
        unusedImage: of.image,
        unusedImageSize: 1450 * 1024 * 1024,
      }
    },
    diagnosis: () => ({ diagnosis: null }),
    diagnose_runtime: ({ runtime }) => diagnosis(find(runtime)),
    preview_mend: () => mendPreview(),
    mend_runtime: started,
    preview_support: () => supportFile(),
    save_support: () => ({ path: '/home/anna/Downloads/promptflow-runtimes-support.txt' }),
    registry_logins: () => ({
      keyring: {
        state: 'available',
        sentence: 'Passwords are kept in the keyring of this session.',
        hint: null,
        memoryAllowed: false,
      },
      logins: [
        { registry: 'registry.example.com', username: 'anna', source: 'keyring' },
        { registry: 'docker.io', username: '', source: 'docker' },
      ],
    }),
    preview_update_all: () => ({
      candidates: world.runtimes
        .filter(({ updateAvailable }) => updateAvailable !== null)
        .map((runtime) => fixtures.candidate(runtime)),
      others: world.runtimes
        .filter(({ updateAvailable }) => updateAvailable === null)
        .map(({ id, name, computeName }) => ({
          runtime: id,
          name,
          computeName,
          because: { kind: 'upToDate', passedOver: [] },
        })),
    }),
    update_series: () => ({ series: world.series }),
    update_policy: () => fixtures.policyView(),
    foreign_containers: () => ({ containers: foreignContainers() }),
    disk: () => diskView(),
    list_environments: () => ({
      environments: world.environments,
      unreadable: world.unreadable,
      folder: '/home/anna/.local/share/promptflow-runtimes/environments',
    }),
    environment_history: ({ environment }) => ({
      operations: made.pastBuilds(findEnvironment(environment)),
    }),
    environment_version: ({ environment, number }) =>
      made.versionDetail(findEnvironment(environment), number),
    check_environment: ({ form }) => made.environmentCheck(form),
    read_requirements: ({ path }) => ({ path, text: 'langchain==0.3.7\nfaiss-cpu\n' }),
    preview_build: ({ environment }) =>
      made.buildPreview({ number: (findEnvironment(environment).versions[0]?.number ?? 0) + 1 }),
    save_environment: ({ environment, form }) => {
      const id = environment ?? `environment-${form.name}`
      const { name, description, source, port, healthPath } = form
      const before = world.environments.find((one) => one.id === id)
      const wasKept = (before?.secrets ?? []).filter(({ kept }) => kept).map((one) => one.id)
      const secrets = made
        .secretsOf(source)
        .map((one) => ({ ...one, kept: wasKept.includes(one.id) }))
      const saved = {
        ...(before ?? made.environment({ name })),
        ...{ id, name, description, source, secrets },
      }
      world.environments = [
        ...world.environments.filter((one) => one.id !== id),
        { ...saved, port, healthPath },
      ]
      return { environment: id }
    },
    keep_build_secret: ({ environment, secret }) => {
      const before = findEnvironment(environment)
      const secrets = before.secrets.map((one) =>
        one.id === secret ? { ...one, kept: true } : one,
      )
      world.environments = world.environments.map((one) =>
        one.id === environment ? { ...one, secrets } : one,
      )
      return {}
    },
    duplicate_environment: ({ environment, name }) => {
      const id = `environment-${name}`
      const { description, source } = findEnvironment(environment)
      world.environments = [
        ...world.environments,
        made.environment({ id, name, description, source }),
      ]
      return { environment: id }
    },
    delete_environment: ({ environment }) => {
      world.environments = world.environments.filter(({ id }) => id !== environment)
      return {}
    },
    import_environment: ({ name }) => ({
      environment: world.environments[0]?.id ?? `environment-${name}`,
      honoured: ['The build context ./image_build was taken over.', 'Its name is rag.'],
      leftOut: ['inference_config.readiness_route: readiness is asked at the health path here.'],
    }),
    take_over_dockerfile: nothing,
    adopt_container: () => ({ runtime: world.runtimes[0]?.id ?? 'adopted' }),
    release_runtime: nothing,
    manage_runtime: started,
    clean_disk: ({ images }) => ({ removed: images.length, freed: 3 * 1024 ** 3, kept: [] }),
    install_packages: started,
    add_packages: started,
    preview_add_packages: ({ runtime }) => ({
      ways: [
        {
          kind: 'own',
          environment: world.environments[0]?.id ?? 'environment-rag',
          name: world.environments[0]?.name ?? 'rag',
          file: null,
          usedBy: [],
        },
        {
          kind: 'new',
          name: 'my-runtime-2',
          from: world.runtimes.find(({ id }) => id === runtime)?.image ?? 'an image',
        },
      ],
      notes: [],
      confirmations: [],
      activeRuns: { kind: 'known', count: 0 },
      running: true,
    }),
    keep_packages: () => ({
      environment: world.environments[0]?.id ?? 'environment-rag',
      name: world.environments[0]?.name ?? 'rag',
      isNew: false,
    }),
    build_environment: started,
    check_bases: nothing,
    update_all: nothing,
    stop_update_all: nothing,
    set_update_policy: nothing,
    acknowledge_policy: nothing,
    create_runtime: started,
    update_runtime: started,
    roll_back_runtime: started,
    change_configuration: started,
    start_runtime: started,
    stop_runtime: started,
    restart_runtime: started,
    delete_runtime: started,
    take_over: started,
    cancel_operation: nothing,
    skip_version: nothing,
    remind_later: nothing,
    retry_compute: nothing,
    start_podman_service: nothing,
    change_settings: nothing,
    finish_closing: nothing,
    save_registry_login: nothing,
    try_registry_login: () => ({ problem: null }),
    delete_registry_login: nothing,
    allow_memory_secrets: nothing,
    list_connections: () => ({
      connections: world.connections,
      types: connected.connectionTypes,
    }),
    check_connection: ({ original, draft }) => ({
      problems: connected.connectionProblems(draft, original, world.connections),
    }),
    read_connection_file: ({ path }) => connected.dotenvFile(path),
    save_connection: ({ original, draft }) => {
      const { name, type, fields, pairs } = draft
      world.connections = [
        ...world.connections.filter((one) => one.connection.name !== original),
        connected.connection(name, { type, fields, pairs }),
      ]
      return {}
    },
    test_connection: ({ original }) => ({
      verdict: 'accepted',
      sentence: `${original ?? 'The service'} was reached and accepts the key.`,
      hints: [],
      details: null,
    }),
    export_connection: ({ name }) => ({ path: `/home/anna/Downloads/${name}.yml` }),
    delete_connection: ({ name }) => {
      world.connections = world.connections.filter((one) => one.connection.name !== name)
      return {}
    },
  }
}

function logOf(world: World, of: LogOf): FakeLog {
  switch (of.kind) {
    case 'runtimes':
      return world.log
    case 'build':
      return world.buildLog
    case 'flowRun':
      return world.runLog
    case 'file':
      return world.fileLog
  }
}

/** Answers about logs that are open. */
function logAnswers(views: ReadonlyMap<number, FakeView>): Answers {
  const view = (stream: number): FakeView => {
    const found = views.get(stream)
    if (!found) throw new Error(`no log ${stream} is open`)
    return found
  }
  return {
    read_log: ({ stream, from, count }) => view(stream).read(from, count),
    filter_log: ({ stream, filter }) => view(stream).setFilter(filter),
    fold_log: ({ stream, number, folded }) => view(stream).fold(number, folded),
    search_log: ({ stream, query }) => view(stream).search(query),
    find_in_log: (request) => view(request.stream).find(request),
    locate_in_log: ({ stream, number }) => view(stream).locate(number),
    read_log_line: ({ stream, number, from }) => view(stream).whole(number, from),
    read_log_text: ({ stream, from, end, times }) => view(stream).text(from, end, times),
    save_open_log: () => ({ path: '/home/anna/Downloads/my-runtime.log' }),
    log_commands: ({ stream }) => ({
      commands: view(stream).log.parts.commands ?? ['docker logs --follow my-runtime'],
    }),
    log_node_times: ({ stream }) =>
      view(stream).log.parts.times ?? { nodes: [], findings: [], runs: 0, measured: false },
  }
}

/** Pretends to be the application for tests and the gallery. */
export function installFakeBackend(parts: Partial<World> = {}): FakeBackend {
  const world: World = {
    runtimes: fixtures.manyRuntimes(),
    computes: [fixtures.compute(), fixtures.podman],
    operations: [],
    series: [],
    environments: made.manyEnvironments(),
    unreadable: [],
    connections: connected.manyConnections(),
    settings: fixtures.settings,
    log: new FakeLog(),
    buildLog: made.buildLog(),
    fileLog: new FakeLog([], { live: false, sources: [] }),
    ...flowWorld(),
    ...batchWorld(),
    answers: {},
    plugins: {},
    ...parts,
  }
  const channels: unknown[] = []
  const views = new Map<number, FakeView>()
  const calls: FakeBackend['calls'] = []
  const standard = { ...standardAnswers(world), ...logAnswers(views) }
  const tell = (change: Change) => {
    for (const channel of channels) sendOver(channel, change)
  }
  installFakeIpc(async (command, args) => {
    const isPlugin = command.startsWith('plugin:')
    const request = isPlugin ? args : args.request
    calls.push({ command, request })
    if (command === 'watch') {
      channels.push(args.channel)
      sendOver(args.channel, { kind: 'computes', computes: world.computes } satisfies Change)
      sendOver(args.channel, {
        kind: 'runtimes',
        changed: world.runtimes,
        removed: [],
      } satisfies Change)
      sendOver(args.channel, { kind: 'settings', settings: world.settings } satisfies Change)
      for (const operation of world.operations) {
        sendOver(args.channel, { kind: 'operation', operation } satisfies Change)
      }
      const running = world.series.find(({ end }) => end === null)
      if (running) sendOver(args.channel, { kind: 'series', series: running } satisfies Change)
      return null
    }
    if (command === 'open_log') {
      const log = logOf(world, (request as { of: LogOf }).of)
      if (log.parts.problem) throw log.parts.problem
      const stream = views.size + 1
      const view = new FakeView(log, args.channel)
      views.set(stream, view)
      log.views.set(stream, view)
      view.tell()
      return { stream }
    }
    if (command === 'stop_following') {
      const { stream } = request as { stream: number }
      views.get(stream)?.log.views.delete(stream)
      return null
    }
    if (isPlugin) return world.plugins[command]?.(args) ?? null
    const answers = { ...standard, ...world.answers } as Record<
      string,
      ((request: unknown) => unknown) | undefined
    >
    const answer = answers[command]
    if (!answer) throw new Error(`no answer for ${command}`)
    return answer(request)
  })
  return {
    world,
    calls,
    tell,
    requests: (command) =>
      calls.filter((call) => call.command === command).map((call) => call.request) as never,
  }
}
