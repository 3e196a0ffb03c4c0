import type { Change } from '../backend/types'
import { adoptScenes } from './adoptScenes'
import { batchScenes } from './batchScenes'
import { diagnosisScenes } from './diagnosisScenes'
import { environmentScenes } from './environmentScenes'
import { installFakeBackend, type World } from './fakeBackend'
import * as fixtures from './fixtures'
import { flowScenes } from './flowScenes'
import { serviceLines, serviceLog } from './logFixtures'
import { logScenes } from './logScenes'
import { pageScenes } from './pageScenes'

/**
 * Scenes to look at: `?scene=NAME&theme=light|dark#/address`. A page's own scenes may be added here.
 */
const scenes: Record<string, () => Partial<World>> = {
  ...pageScenes,
  ...environmentScenes,
  ...adoptScenes,
  ...flowScenes,
  ...batchScenes,
  ...logScenes,
  ...diagnosisScenes,
  full: () => ({ operations: [fixtures.operation()] }),
  empty: () => ({ runtimes: [], computes: [fixtures.compute({ runtimes: 0 })] }),
  noEngine: () => ({ runtimes: [], computes: [fixtures.unreachable] }),
  /** Nothing is ever answered. */
  loading: () => ({
    answers: {
      list_runtimes: never,
      runtime_detail: never,
      runtime_packages: never,
      runtime_history: never,
      list_operations: never,
      list_versions: never,
      propose_runtime: never,
      registry_logins: never,
      list_connections: never,
      app_info: never,
      first_run: never,
      preview_update: never,
      preview_delete: never,
      configuration: never,
      list_environments: never,
      foreign_containers: never,
      disk: never,
    },
  }),
  /** Every question goes wrong. */
  error: () => ({
    answers: {
      runtime_detail: fails,
      runtime_packages: fails,
      runtime_history: fails,
      check_version: fails,
      list_versions: fails,
      propose_runtime: fails,
      registry_logins: fails,
      list_connections: fails,
      first_run: fails,
      preview_update: fails,
      preview_delete: fails,
      configuration: fails,
      diagnosis: fails,
      diagnose_runtime: fails,
      preview_support: fails,
      preflight: fails,
      list_environments: fails,
      foreign_containers: fails,
      disk: fails,
      preview_build: fails,
    },
  }),
  /** As many rows as a grid has to bear. */
  thousand: () => ({
    runtimes: Array.from({ length: 1000 }, (_, index) =>
      fixtures.runtime({ id: `runtime-${index}`, name: `runtime-${index}` }),
    ),
  }),
}

const never = () => new Promise<never>(() => undefined)

const fails = () => {
  throw fixtures.problem({
    code: 'computeUnreachable',
    sentence: 'The compute local does not answer.',
    hints: ['Start Docker, then try again.'],
    details: 'connect ECONNREFUSED /var/run/docker.sock',
    retry: true,
  })
}

/** Puts a pretended application behind the window and lets it live a little. */
export function installGallery(): void {
  const query = new URLSearchParams(window.location.search)
  const scene = scenes[query.get('scene') ?? 'full'] ?? scenes.full
  const theme = query.get('theme')
  const parts = scene?.() ?? {}
  const backend = installFakeBackend({
    settings: {
      ...fixtures.settings,
      appearance: theme === 'dark' || theme === 'light' ? theme : 'system',
    },
    log: serviceLog(),
    fileLog: serviceLog(2000),
    ...parts,
  })
  Object.assign(window, { gallery: backend })
  let ticks = 0
  setInterval(() => {
    ticks += 1
    const readings = backend.world.runtimes
      .filter(({ status }) => status === 'Available')
      .slice(0, 30)
      .map(({ id }, index) => ({
        runtime: id,
        usage: {
          cpuPercent: Math.abs(Math.sin(ticks / 3 + index) * 22 + index),
          memory: (212 + index * 37 + (ticks % 5)) * 1024 * 1024,
          memoryLimit: 4 * 1024 ** 3,
        },
      }))
    backend.tell({ kind: 'usage', readings } satisfies Change)
    if (ticks % 2 === 0) backend.world.log.append(...serviceLines(1, 400 + ticks))
  }, 1000)
}
