import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { KeyringState, RegistryLogin } from '../../backend/types'
import { problem } from '../../testing/fixtures'
import { expectAccessible, openAt } from '../../testing/render'

const keyring = (state: KeyringState, memoryAllowed = false) => ({
  state,
  sentence: `Sentence about ${state}.`,
  hint: state === 'available' ? null : `Hint about ${state}.`,
  memoryAllowed,
})

const withKeyring = (
  state: KeyringState,
  { memoryAllowed = false, logins = [] as RegistryLogin[] } = {},
) => ({
  answers: { registry_logins: () => ({ keyring: keyring(state, memoryAllowed), logins }) },
})

describe('the keyring', () => {
  it.each(['available', 'locked', 'missing', 'hanging'] as const)(
    '%s is told in words',
    async (state) => {
      await openAt('/connections', withKeyring(state))
      expect(await screen.findByText(`Sentence about ${state}.`)).toBeVisible()
      const asks = screen.queryByRole('button', { name: 'Keep them for this run only' })
      expect(asks === null).toBe(state !== 'missing')
      await expectAccessible()
    },
  )

  it('that is missing leads to memory only after the person agreed', async () => {
    const { user, backend } = await openAt('/connections', withKeyring('missing'))
    await user.click(await screen.findByRole('button', { name: 'Keep them for this run only' }))
    expect(backend.requests('allow_memory_secrets')).toHaveLength(1)
  })

  it('that is missing says so where memory was agreed to', async () => {
    await openAt('/connections', withKeyring('missing', { memoryAllowed: true }))
    expect(await screen.findByText(/kept in memory, for this run/)).toBeVisible()
    expect(screen.queryByRole('button', { name: 'Keep them for this run only' })).toBeNull()
  })
})

describe('registry logins', () => {
  it('of Docker are read only', async () => {
    await openAt('/connections')
    const row = (await screen.findByText('docker.io')).closest('tr') as HTMLElement
    expect(row).toHaveTextContent("Docker's own, read only")
    expect(within(row).getAllByRole('button')).toHaveLength(1)
    expect(within(row).getByRole('button', { name: /Test/ })).toBeVisible()
    await expectAccessible()
  })

  it('are tested with a real request, the result stands under them', async () => {
    const { user, backend } = await openAt('/connections', {
      answers: {
        try_registry_login: () => ({
          problem: problem({ code: 'registryDenied', sentence: 'The registry refuses anna.' }),
        }),
      },
    })
    await user.click(
      await screen.findByRole('button', { name: 'Test the login for registry.example.com' }),
    )
    expect(await screen.findByText('The registry refuses anna.')).toBeVisible()
    backend.world.answers.try_registry_login = () => ({ problem: null })
    await user.click(
      screen.getByRole('button', { name: 'Test the login for registry.example.com' }),
    )
    expect(await screen.findByText('registry.example.com accepts this login.')).toBeVisible()
    expect(screen.queryByText('The registry refuses anna.')).toBeNull()
  })

  it('are added with a password that is masked and never in the page again', async () => {
    const { user, backend } = await openAt('/connections')
    await user.click(await screen.findByRole('button', { name: 'Add login' }))
    const dialog = within(await screen.findByRole('dialog'))
    await user.click(dialog.getByRole('button', { name: 'Save' }))
    expect(dialog.getAllByText('This is needed.')).toHaveLength(3)
    expect(dialog.getByLabelText(/^Registry/)).toHaveFocus()
    await user.keyboard('registry.local:5000')
    await user.type(dialog.getByLabelText(/^User name/), 'ben')
    const password = dialog.getByLabelText(/^Password or token/)
    expect(password).toHaveAttribute('type', 'password')
    await user.type(password, 'planted-secret')
    await user.type(dialog.getByLabelText(/^Repository to test with/), 'team/runtime')
    await user.click(dialog.getByRole('button', { name: 'Test' }))
    expect(
      await dialog.findByText(
        'registry.local:5000 accepts this login and lets it download team/runtime.',
      ),
    ).toBeVisible()
    await expectAccessible()
    await user.click(dialog.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect(backend.requests('save_registry_login')).toEqual([
      { registry: 'registry.local:5000', username: 'ben', password: 'planted-secret' },
    ])
    await user.click(await screen.findByRole('button', { name: 'Add login' }))
    expect(
      within(await screen.findByRole('dialog')).getByLabelText(/^Password or token/),
    ).toHaveValue('')
    expect(document.body.innerHTML).not.toContain('planted-secret')
  })

  it('keep what was typed when they could not be saved', async () => {
    const { user } = await openAt('/connections?registry=registry.example.com', {
      answers: {
        save_registry_login: () => {
          throw problem({ code: 'keyring', sentence: 'The keyring is locked.' })
        },
      },
    })
    const dialog = within(await screen.findByRole('dialog'))
    expect(dialog.getByLabelText(/^Registry/)).toHaveValue('registry.example.com')
    expect(dialog.getByLabelText(/^User name/)).toHaveValue('anna')
    await user.type(dialog.getByLabelText(/^Password or token/), 'x{Enter}')
    expect(await dialog.findByText('The keyring is locked.')).toBeVisible()
    await user.click(dialog.getByRole('button', { name: 'Cancel' }))
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  })

  it('are deleted only after the consequence was said', async () => {
    const { user, backend } = await openAt('/connections')
    await user.click(
      await screen.findByRole('button', { name: 'Delete the login for registry.example.com' }),
    )
    const dialog = within(await screen.findByRole('alertdialog'))
    expect(dialog.getByText(/go on without a login/)).toBeVisible()
    expect(backend.requests('delete_registry_login')).toEqual([])
    await user.click(dialog.getByRole('button', { name: 'Delete login' }))
    expect(backend.requests('delete_registry_login')).toEqual([
      { registry: 'registry.example.com' },
    ])
  })

  it('are said to be none while there is none', async () => {
    await openAt('/connections', withKeyring('available'))
    expect(await screen.findByText('No registry login yet')).toBeVisible()
  })
})
