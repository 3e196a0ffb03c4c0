import { screen, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { ComputeView, Unreachable } from '../../backend/types'
import { compute, podman, unreachable } from '../../testing/fixtures'
import { expectAccessible, openAt } from '../../testing/render'
import { shownState, whyOf } from './words'

const card = (name: string) => within(screen.getByRole('group', { name }))

const remote: ComputeView = compute({
  id: 'context:gpu-box',
  name: 'gpu-box',
  origin: { kind: 'context', name: 'gpu-box', current: false },
  address: { kind: 'notSupported', url: 'ssh://anna@gpu-box' },
  facts: null,
  runtimes: 0,
  state: {
    kind: 'notReachable',
    why: {
      reason: { kind: 'notSupportedYet', url: 'ssh://anna@gpu-box' },
      sentence: 'Computes over SSH are not supported yet.',
      hints: [],
      command: null,
    },
  },
})

describe('computes', () => {
  it('tell what they are and whether they can be used', async () => {
    await openAt('/computes', { computes: [compute(), podman, remote] })
    const local = card('local')
    expect(local.getByText('Connected')).toBeVisible()
    for (const fact of [
      'Docker Engine 20.10.24',
      '1.41',
      'linux, amd64',
      '16 GB',
      '84 GB',
      '/var/run/docker.sock',
    ]) {
      expect(local.getByText(fact)).toBeVisible()
    }
    expect(card('podman').getByText('Reconnecting')).toBeVisible()
    expect(card('podman').getByText(/last known/)).toBeVisible()
    const notYet = card('gpu-box')
    expect(notYet.getByText('Not supported yet')).toBeVisible()
    expect(notYet.queryByRole('button', { name: /Try/ })).toBeNull()
    await expectAccessible()
  })

  it('that cannot be reached say why, what to do, and are tried again', async () => {
    const { user, backend } = await openAt('/computes', { computes: [unreachable] })
    const local = card('local')
    expect(local.getByText(/may not use \/var\/run\/docker\.sock/)).toBeVisible()
    expect(local.getByText('sudo usermod -aG docker $USER')).toBeVisible()
    expect(local.getByRole('button', { name: /^Copy Command/ })).toBeVisible()
    await user.click(local.getByRole('button', { name: 'Try again: local' }))
    expect(backend.requests('retry_compute')).toEqual([{ compute: 'local' }])
  })

  it('that were told of none lead to what fits', async () => {
    await openAt('/computes', { computes: [], runtimes: [] })
    expect(await screen.findByText('No engine was found')).toBeVisible()
  })

  it('are never called a fault when they are only not supported yet', () => {
    const reason: Unreachable = { kind: 'notSupportedYet', url: 'tcp://x' }
    const why = { reason, sentence: '', hints: [], command: null }
    expect(shownState(compute({ state: { kind: 'cannotHost', why } }))).toBe('notSupportedYet')
    expect(whyOf(compute())).toBeNull()
  })
})
