import { screen, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { VersionAnswer } from '../../backend/types'
import { rag, withNewerBase } from '../../testing/environmentFixtures'
import { runtime, versionCheck } from '../../testing/fixtures'
import { expectAccessible, openAt } from '../../testing/render'

const IMAGE = 'localhost/promptflow-runtimes/rag:2'
const { spec } = runtime()
const mine = runtime({
  id: 'mine',
  version: null,
  image: IMAGE,
  environment: 'rag',
  spec: spec && {
    ...spec,
    environment: { kind: 'named', id: 'environment-rag', name: 'rag', version: 2, image: IMAGE },
  },
})

const open = (answer: VersionAnswer) =>
  openAt('/runtimes/mine', {
    runtimes: [mine],
    environments: [rag(), withNewerBase],
    answers: { check_version: () => ({ check: versionCheck(mine, { current: null, answer }) }) },
  })

describe('a runtime of an environment with a name', () => {
  it('tells of a newer version with what differs, and opens the dialog with it', async () => {
    const { user } = await open({
      kind: 'newerOfEnvironment',
      environment: 'environment-rag',
      name: 'rag',
      from: 2,
      to: 3,
      packages: [
        { name: 'promptflow', from: '1.17.2', to: '1.18.1' },
        { name: 'faiss-cpu', from: null, to: '1.9.0' },
      ],
    })
    const words = await screen.findByText(
      'A new version is available. Version 3 of rag is ready; this runtime runs version 2.',
    )
    expect(screen.getByText('rag 2 · local')).toBeVisible()
    expect(screen.getByText('Version 3 of rag is newer')).toBeVisible()
    const bar = within(words.closest<HTMLElement>('[role=group]') ?? document.body)
    await user.click(bar.getByRole('button', { name: '2 packages differ' }))
    expect(bar.getByRole('rowheader', { name: 'faiss-cpu' })).toBeVisible()
    await expectAccessible()
    await user.click(bar.getByRole('button', { name: 'Update' }))
    const dialog = within(await screen.findByRole('dialog', { name: 'Update runtime' }))
    expect(await dialog.findByRole('combobox', { name: 'Environment' })).toHaveTextContent('rag')
    expect(dialog.getByRole('combobox', { name: 'Version' })).toHaveTextContent(/^3 · /)
  })

  it('leads to the environment when only a newer base exists', async () => {
    const { user, address } = await open({
      kind: 'newerBase',
      environment: 'environment-rag',
      name: 'rag',
      bases: [{ from: 'python:3.11-slim', to: 'python:3.11-slim', digest: 'sha256:99' }],
    })
    expect(await screen.findByText('A newer base for rag exists')).toBeVisible()
    expect(screen.queryByText(/^A new version is available/)).toBeNull()
    expect(screen.getByText('Up to date, but a newer base exists')).toBeVisible()
    await expectAccessible()
    await user.click(screen.getByRole('link', { name: 'Open the environment' }))
    expect(address()).toBe('/environments/environment-rag')
  })
})
