import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { withSecrets } from '../../testing/environmentFixtures'
import { expectAccessible, openAt } from '../../testing/render'

const EDIT = '/environments/environment-private-packages/edit'

async function edit() {
  const opened = await openAt('/environments/environment-private-packages', {
    environments: [withSecrets()],
  })
  await opened.user.click(await screen.findByRole('button', { name: 'Edit' }))
  await screen.findByRole('heading', { name: 'Edit private-packages' })
  return opened
}

const asked = () => screen.findByRole('dialog', { name: 'Leave without saving?' })

describe('leaving the form of an environment', () => {
  it('asks before what was typed is lost, and keeps it if one stays', async () => {
    const { user, address } = await edit()
    await user.type(screen.getByRole('textbox', { name: 'Description' }), ' More.')
    await user.click(screen.getByRole('button', { name: 'Cancel' }))
    const dialog = within(await asked())
    expect(dialog.getByText(/was not saved and will be lost/)).toBeVisible()
    await expectAccessible()
    await user.click(dialog.getByRole('button', { name: 'Keep editing' }))
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect(address()).toBe(EDIT)
    expect(await screen.findByRole('textbox', { name: 'Description' })).toHaveDisplayValue(
      /More\.$/,
    )
    await user.click(screen.getByRole('link', { name: 'Activity' }))
    await user.click(within(await asked()).getByRole('button', { name: 'Discard changes' }))
    await waitFor(() => expect(address()).toBe('/activity'))
  })

  it('asks when one goes back, and Escape stays', async () => {
    const { user, address, back } = await edit()
    await user.type(screen.getByRole('textbox', { name: 'Description' }), ' More.')
    await back()
    await asked()
    await user.keyboard('{Escape}')
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect(address()).toBe(EDIT)
    await back()
    await user.click(within(await asked()).getByRole('button', { name: 'Discard changes' }))
    await waitFor(() => expect(address()).toBe('/environments/environment-private-packages'))
  })

  it('asks about a value that is in no keyring yet', async () => {
    const { user } = await edit()
    await user.type(screen.getByLabelText('Value of secret 2'), 'x')
    await user.click(screen.getByRole('button', { name: 'Cancel' }))
    await asked()
  })

  it('asks nothing when all is as it was, or saved', async () => {
    const { user, address } = await edit()
    const description = screen.getByRole('textbox', { name: 'Description' })
    await user.type(description, 'x')
    await user.type(description, '{Backspace}')
    await user.click(screen.getByRole('button', { name: 'Cancel' }))
    await waitFor(() => expect(address()).toBe('/environments/environment-private-packages'))
    await user.click(await screen.findByRole('button', { name: 'Edit' }))
    await user.type(await screen.findByRole('textbox', { name: 'Description' }), 'x')
    await user.type(screen.getByLabelText('Value of secret 2'), 'x')
    await user.click(screen.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(address()).toBe('/environments/environment-private-packages'))
    expect(screen.queryByRole('dialog')).toBeNull()
  })
})
