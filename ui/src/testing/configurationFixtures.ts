import type {
  ConfigurationPreview,
  ConfigurationView,
  Runtime,
  SettingChange,
} from '../backend/types'

/** Settings of a runtime as the Configuration tab reads them. */
export function configuration(
  runtime: Runtime,
  parts: Partial<ConfigurationView> = {},
): ConfigurationView {
  const { spec } = runtime
  return {
    basedOn: `${runtime.containerId} as it is`,
    description: spec?.description ?? '',
    descriptionNotInLabel: false,
    hostPort: spec?.hostPort ?? 18080,
    bindAddress: spec?.bindAddress ?? '127.0.0.1',
    memoryLimit: spec?.memoryLimit ?? null,
    cpuLimit: spec?.cpuLimit ?? null,
    variables: spec?.variables ?? [],
    mounts: spec?.mounts ?? [],
    restartPolicy: spec?.restartPolicy ?? 'unless-stopped',
    computeMemory: 16 * 1024 ** 3,
    computeCpus: 8,
    ...parts,
  }
}

/** Changes of each kind. */
export const someChanges: SettingChange[] = [
  { setting: { kind: 'hostPort', before: 18080, after: 18099 }, inPlace: false },
  {
    setting: { kind: 'memoryLimit', before: 4 * 1024 ** 3, after: 6 * 1024 ** 3 },
    inPlace: false,
  },
  { setting: { kind: 'variable', name: 'TEAM_NAME', change: 'changed' }, inPlace: false },
  {
    setting: {
      kind: 'mount',
      target: '/models',
      before: null,
      after: { source: '/srv/models', target: '/models', readOnly: true },
    },
    inPlace: false,
  },
]

/** What a change would do. */
export function configurationPreview(
  parts: Partial<ConfigurationPreview> = {},
): ConfigurationPreview {
  return {
    changes: someChanges,
    replaces: true,
    problems: [],
    refusals: [],
    confirmations: [],
    activeRuns: { kind: 'known', count: 0 },
    running: true,
    keepsPreviousDays: 14,
    ...parts,
  }
}
