import { act, screen, waitFor } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { FirstRun } from '../../backend/types'
import type { World } from '../../testing/fakeBackend'
import { compute, problem, unreachable } from '../../testing/fixtures'
import { expectAccessible, openAt } from '../../testing/render'

const offers = (parts: Partial<FirstRun> = {}): FirstRun => ({
  podman: null,
  podmanStarting: false,
  dockerInstalled: false,
  system: 'Debian GNU/Linux 12 (bookworm)',
  commands: [{ purpose: 'installPodman', command: 'sudo apt-get install podman' }],
  ...parts,
})

/** A compute whose engine does not run. */
const stopped = compute({
  id: 'local',
  facts: null,
  state: {
    kind: 'notReachable',
    why: {
      reason: { kind: 'socketMissing', path: '/var/run/docker.sock' },
      sentence: 'There is no socket at /var/run/docker.sock.',
      hints: ['Start the engine.'],
      command: null,
    },
  },
})

async function firstRun(
  parts: Partial<FirstRun> = {},
  answers: World['answers'] = {},
  computes = [stopped],
) {
  const opened = await openAt('/runtimes', {
    runtimes: [],
    computes,
    answers: { first_run: () => offers(parts), ...answers },
  })
  await screen.findByText(/Debian GNU\/Linux 12/)
  return opened
}

describe('without an engine', () => {
  it('offers to start the service of an installed Podman, and goes on when it answers', async () => {
    const { user, backend } = await firstRun({ podman: '4.3.1' })
    await expectAccessible()
    await user.click(screen.getByRole('button', { name: "Start Podman's service" }))
    expect(backend.requests('start_podman_service')).toHaveLength(1)
    await act(async () => backend.tell({ kind: 'computes', computes: [compute()] }))
    expect(await screen.findAllByRole('button', { name: 'Add runtime' })).not.toHaveLength(0)
    expect(screen.queryByText('No container engine is running')).toBeNull()
  })

  it('says that Podman starts while it does', async () => {
    await firstRun({ podman: '4.3.1', podmanStarting: true })
    expect(screen.getByText("Podman's service is starting")).toBeVisible()
    expect(screen.queryByRole('button', { name: /Start Podman/ })).toBeNull()
  })

  it('says why Podman did not start, and lets one try again', async () => {
    const { user } = await firstRun(
      { podman: '4.3.1' },
      {
        start_podman_service: () => {
          throw problem({ sentence: "Podman's service did not start.", retry: true })
        },
      },
    )
    await user.click(screen.getByRole('button', { name: "Start Podman's service" }))
    expect(await screen.findByText("Podman's service did not start.")).toBeVisible()
    expect(screen.getByRole('button', { name: "Start Podman's service" })).toBeVisible()
  })

  it('offers commands that fit here, and nothing about a Podman that is not there', async () => {
    await firstRun()
    expect(screen.getByText('sudo apt-get install podman')).toBeVisible()
    expect(screen.queryByRole('button', { name: /Start Podman/ })).toBeNull()
  })

  it('says that Docker is there and does not run', async () => {
    await firstRun({
      dockerInstalled: true,
      commands: [{ purpose: 'startDocker', command: 'sudo systemctl start docker' }],
    })
    expect(screen.getByText('Docker is installed, but does not run')).toBeVisible()
  })

  it('that runs, but not for this user, leads to the group and its command', async () => {
    const commands: FirstRun['commands'] = [
      { purpose: 'startDocker', command: 'sudo systemctl start docker' },
      { purpose: 'installPodman', command: 'sudo apt-get install podman' },
    ]
    await firstRun({ dockerInstalled: true, commands }, {}, [unreachable])
    expect(screen.getByText('No container engine can be used')).toBeVisible()
    expect(screen.getByText(/not in the group docker/)).toBeVisible()
    expect(screen.getByText('sudo usermod -aG docker $USER')).toBeVisible()
    expect(screen.queryByText('Docker is installed, but does not run')).toBeNull()
    expect(screen.queryByText('sudo systemctl start docker')).toBeNull()
    expect(screen.getByText('sudo apt-get install podman')).toBeVisible()
    await expectAccessible()
  })

  it('tells what was tried, and tries it again', async () => {
    const { user, backend } = await firstRun()
    await user.click(screen.getByRole('button', { name: 'What was tried' }))
    expect(screen.getByText(/local: There is no socket/)).toBeVisible()
    const before = backend.requests('first_run').length
    await user.click(screen.getByRole('button', { name: 'Try again' }))
    expect(backend.requests('retry_compute')).toEqual([{ compute: 'local' }])
    await waitFor(() => expect(backend.requests('first_run').length).toBeGreaterThan(before))
  })
})
