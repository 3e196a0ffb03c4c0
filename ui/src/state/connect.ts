import type { QueryClient } from '@tanstack/react-query'
import { call, problemOf, watch } from '../backend'
import type { Change } from '../backend/types'
import { refreshBatch } from './batchAnswers'
import { applyChange, isRunning, live } from './live'

/** Brings kept answers in step with a change. */
export function refreshAnswers(client: QueryClient, change: Change): void {
  const again = (...queryKey: unknown[]) => client.invalidateQueries({ queryKey })
  switch (change.kind) {
    case 'runtimes':
      again('flow_runtimes')
      for (const { id } of change.changed) {
        again('runtime_detail', { runtime: id })
        again('configuration', { runtime: id })
        again('preview_roll_back', { runtime: id })
      }
      for (const runtime of change.removed) {
        client.removeQueries({ queryKey: ['runtime_detail', { runtime }] })
        client.removeQueries({ queryKey: ['runtime_packages', { runtime }] })
        client.removeQueries({ queryKey: ['diagnosis', { runtime }] })
      }
      break
    case 'computes':
      client.setQueryData(['list_computes', {}], { computes: change.computes })
      again('first_run')
      break
    case 'operation':
      if (!isRunning(change.operation)) {
        again('list_operations')
        const { runtime, environment } = change.operation
        if (runtime !== null) {
          again('runtime_history', { runtime })
          again('runtime_packages', { runtime })
          again('check_flow_fit')
        }
        if (environment !== null) {
          again('environment_history', { environment })
          again('list_environments')
        }
      }
      break
    case 'versionCheck':
      for (const freshness of ['cached', 'page'] as const) {
        client.setQueryData(['check_version', { runtime: change.check.runtime, freshness }], {
          check: change.check,
        })
      }
      again('update_policy', { runtime: change.check.runtime })
      break
    case 'diagnosis':
      client.setQueryData(['diagnosis', { runtime: change.diagnosis.runtime }], {
        diagnosis: change.diagnosis,
      })
      break
    case 'settings':
      client.setQueryData(['settings', {}], change.settings)
      again('app_info')
      break
    case 'registryLogins':
      again('registry_logins')
      // The keyring may be another one by now.
      again('list_connections')
      break
    case 'connections':
      again('list_connections')
      // What a flow needs may be there now, or not any more.
      again('flow')
      again('list_flows')
      again('check_flow_fit')
      break
    case 'environments':
      again('list_environments')
      again('environment_version')
      break
    case 'flows':
      again('list_flows')
      break
    case 'flow':
      again('flow', { flow: change.flow })
      again('read_flow_file')
      again('check_flow_inputs')
      again('check_flow_fit')
      break
    case 'flowRun':
      if (change.run.ended !== null) {
        again('flow_run', { run: change.run.id })
        again('list_flow_runs')
        again('list_flows')
        again('flow', { flow: change.run.flow })
        again('flow_runtimes')
      }
      break
    case 'batch':
      refreshBatch(client, change.batch)
      break
    case 'batches':
      again('list_batches')
      again('batch')
      again('flow_runtimes')
      again('preview_batch')
      break
    case 'series':
      again('update_series')
      break
    case 'updatePolicy':
      again('update_policy', { runtime: change.runtime })
      break
    case 'usage':
    case 'closing':
      break
    default:
      change satisfies never
  }
}

/** Subscribes to changes and fills the stores; may be called again after it went wrong. */
export async function connect(client: QueryClient): Promise<void> {
  live.connection.set({ kind: 'connecting' })
  let told = { runtimes: false, computes: false, settings: false }
  try {
    await watch((change) => {
      told = {
        runtimes: told.runtimes || change.kind === 'runtimes',
        computes: told.computes || change.kind === 'computes',
        settings: told.settings || change.kind === 'settings',
      }
      applyChange(change)
      refreshAnswers(client, change)
    })
    const [table, settings, { operations }] = await Promise.all([
      call('list_runtimes', {}),
      call('settings', {}),
      call('list_operations', {}),
    ])
    // What the channel told meanwhile is newer than these answers.
    if (!told.runtimes) applyChange({ kind: 'runtimes', changed: table.runtimes, removed: [] })
    if (!told.computes) applyChange({ kind: 'computes', computes: table.computes })
    if (!told.settings) applyChange({ kind: 'settings', settings })
    for (const operation of operations) {
      if (isRunning(operation) && !live.operations.get(operation.id)) {
        applyChange({ kind: 'operation', operation })
      }
    }
    live.connection.set({ kind: 'live' })
  } catch (error) {
    live.connection.set({ kind: 'failed', problem: problemOf(error) })
  }
}
