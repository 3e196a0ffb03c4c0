import { describe, expect, it } from 'vitest'
import { call, ProblemError, problemOf } from '../backend'
import { buildOperation, failedBuild } from '../testing/environmentFixtures'
import { installFakeBackend } from '../testing/fakeBackend'
import { operation, problem, runtime, settings } from '../testing/fixtures'
import { connect, refreshAnswers } from './connect'
import { live } from './live'
import { makeQueryClient, question } from './queries'

describe('connecting', () => {
  it('fills the stores with what the application tells', async () => {
    installFakeBackend({ operations: [operation()] })
    await connect(makeQueryClient())
    expect(live.connection.get()).toEqual({ kind: 'live' })
    expect(live.runtimes.all()).toHaveLength(12)
    expect(live.computes.get()).toHaveLength(2)
    expect(live.operations.get('operation-update')?.state).toBe('running')
    expect(live.settings.get()).toEqual(settings)
  })

  it('does not let an older answer undo what was told', async () => {
    const stale = runtime({ id: 'a', name: 'stale' })
    const backend = installFakeBackend({ runtimes: [runtime({ id: 'a', name: 'told' })] })
    backend.world.answers.list_runtimes = () => ({ runtimes: [stale], computes: [] })
    await connect(makeQueryClient())
    expect(live.runtimes.get('a')?.name).toBe('told')
    expect(live.computes.get()).toHaveLength(2)
  })

  it('says what is wrong when the application does not answer', async () => {
    const refusal = problem({ code: 'storage', sentence: 'The settings cannot be read.' })
    installFakeBackend({
      answers: {
        settings: () => {
          throw refusal
        },
      },
    })
    await connect(makeQueryClient())
    expect(live.connection.get()).toEqual({ kind: 'failed', problem: refusal })
  })

  it('asks again for the history of a runtime when one of its operations ends', async () => {
    const client = makeQueryClient()
    const backend = installFakeBackend({ runtimes: [runtime({ id: 'a' })] })
    await connect(client)
    const history = question('runtime_history', { runtime: 'a' })
    await client.fetchQuery(history)
    backend.tell({ kind: 'operation', operation: operation({ runtime: 'a' }) })
    expect(client.getQueryState(history.queryKey)?.isInvalidated).toBe(false)
    backend.tell({
      kind: 'operation',
      operation: operation({ runtime: 'a', state: 'succeeded', finished: '2026-01-01T00:00:00Z' }),
    })
    expect(client.getQueryState(history.queryKey)?.isInvalidated).toBe(true)
  })

  it('asks again for environments when they change and when a build of one ends', async () => {
    const client = makeQueryClient()
    const backend = installFakeBackend()
    await connect(client)
    const list = question('list_environments', {})
    const version = question('environment_version', { environment: 'environment-rag', number: 3 })
    const history = question('environment_history', { environment: 'environment-building' })
    await Promise.all([list, version, history].map((one) => client.fetchQuery(one as never)))
    const isOld = (one: { queryKey: readonly unknown[] }) =>
      client.getQueryState(one.queryKey)?.isInvalidated
    backend.tell({ kind: 'operation', operation: buildOperation() })
    expect([list, version, history].map(isOld)).toEqual([false, false, false])
    backend.tell({ kind: 'operation', operation: failedBuild() })
    expect([list, version, history].map(isOld)).toEqual([true, false, true])
    backend.tell({ kind: 'environments' })
    expect(isOld(version)).toBe(true)
  })
})

describe('answers about flows', () => {
  it('are asked for again when connections change', () => {
    const client = makeQueryClient()
    const keys = [
      ['flow', { flow: '/f' }],
      ['check_flow_fit', {}],
      ['list_flows', {}],
    ] as const
    for (const key of keys) client.setQueryData(key, {})
    client.setQueryData(['list_computes', {}], {})
    refreshAnswers(client, { kind: 'connections' })
    for (const key of keys) expect(client.getQueryState(key)?.isInvalidated).toBe(true)
    expect(client.getQueryState(['list_computes', {}])?.isInvalidated).toBe(false)
  })
})

describe('a call', () => {
  it('throws the problem that the application answered', async () => {
    const busy = problem({ code: 'busy', sentence: 'An update runs.' })
    installFakeBackend({
      answers: {
        stop_runtime: () => {
          throw busy
        },
      },
    })
    const error = await call('stop_runtime', { runtime: 'a' }).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(ProblemError)
    expect(problemOf(error)).toEqual(busy)
  })

  it('wraps anything else into an internal problem that keeps the technical words', async () => {
    installFakeBackend({
      answers: {
        stop_runtime: () => {
          throw 'not allowed by ACL'
        },
      },
    })
    const error = await call('stop_runtime', { runtime: 'a' }).catch((thrown) => thrown)
    expect(problemOf(error)).toMatchObject({ code: 'internal', details: 'not allowed by ACL' })
  })
})
