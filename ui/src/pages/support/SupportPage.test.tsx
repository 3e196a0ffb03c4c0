import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { supportFile } from '../../testing/diagnosisFixtures'
import { compute, problem, runtime } from '../../testing/fixtures'
import { expectAccessible, openAt } from '../../testing/render'

const mine = runtime({ id: 'mine' })
const alone = {
  runtimes: [mine],
  computes: [compute()],
  answers: { check_version: () => ({ check: null }) },
}

describe('the support file', () => {
  it('is shown with what was removed before it is saved, and saved as it was shown', async () => {
    const shown: string[] = []
    const { user, backend } = await openAt('/support?runtime=mine', {
      ...alone,
      plugins: { 'plugin:opener|reveal_item_in_dir': ({ paths }) => shown.push(String(paths)) },
    })
    expect(await screen.findByText('Prompt flow Runtimes 0.1.0')).toBeVisible()
    expect(screen.getByRole('heading', { level: 1 })).toHaveTextContent(
      'Support file about my-runtime',
    )
    expect(backend.requests('preview_support')).toEqual([{ runtime: 'mine' }])
    const removed = within(screen.getByRole('region', { name: 'What was removed' }))
    expect(removed.getByText('Secrets at 2 places, now **secret**')).toBeVisible()
    expect(removed.getByText('Host names at 401 places, now host-1 and so on')).toBeVisible()
    expect(removed.getByText('1 user name, now user-1')).toBeVisible()
    // Of a long text only some lines are drawn.
    expect(screen.queryByText(/INFO line 399 /)).toBeNull()
    expect(screen.getByRole('region', { name: 'Text of the support file' })).toHaveAttribute(
      'tabindex',
      '0',
    )
    expect(backend.requests('save_support')).toEqual([])
    await expectAccessible()
    await user.click(screen.getByRole('button', { name: 'Save support file' }))
    expect(backend.requests('save_support')).toEqual([{ id: 'shown-1' }])
    expect(
      await screen.findByText('/home/anna/Downloads/promptflow-runtimes-support.txt'),
    ).toBeVisible()
    await user.click(screen.getByText('Show in folder'))
    await waitFor(() =>
      expect(shown).toEqual(['/home/anna/Downloads/promptflow-runtimes-support.txt']),
    )
  })

  it('is copied as a whole', async () => {
    const copied: unknown[] = []
    const { user } = await openAt('/support', {
      ...alone,
      plugins: { 'plugin:clipboard-manager|write_text': ({ text }) => copied.push(text) },
    })
    await screen.findByText('Prompt flow Runtimes 0.1.0')
    await user.click(screen.getByRole('button', { name: 'Copy' }))
    expect(await screen.findByText('The text was copied')).toBeVisible()
    expect(copied).toEqual([supportFile().text])
  })

  it('says what could not be looked for', async () => {
    await openAt('/support', {
      ...alone,
      answers: {
        ...alone.answers,
        preview_support: () =>
          supportFile({
            removed: [],
            notes: ['The keyring is locked, so its secrets were not looked for.'],
          }),
      },
    })
    expect(
      await screen.findByText('The keyring is locked, so its secrets were not looked for.'),
    ).toBeVisible()
    expect(screen.getByText('There was nothing to remove.')).toBeVisible()
    await expectAccessible()
  })

  it('that cannot be collected or saved says why, and is collected again', async () => {
    const { user, backend } = await openAt('/support', {
      ...alone,
      answers: {
        ...alone.answers,
        preview_support: () => {
          throw problem({ code: 'storage', sentence: 'The history cannot be read.', retry: true })
        },
      },
    })
    expect(await screen.findByText('The history cannot be read.')).toBeVisible()
    expect(screen.getByRole('button', { name: 'Save support file' })).toHaveAttribute(
      'aria-disabled',
      'true',
    )
    backend.world.answers = {
      ...alone.answers,
      save_support: () => {
        throw problem({ code: 'storage', sentence: 'The disk is full.' })
      },
    }
    await user.click(screen.getByRole('button', { name: 'Try again' }))
    await screen.findByText('Prompt flow Runtimes 0.1.0')
    await user.click(screen.getByRole('button', { name: 'Save support file' }))
    expect(await screen.findByText('The disk is full.')).toBeVisible()
  })

  it('is reached from the Diagnostics tab and from the settings', async () => {
    const { user, address, unmount } = await openAt('/runtimes/mine?tab=diagnostics', alone)
    await user.click(await screen.findByRole('button', { name: 'Save support file' }))
    await waitFor(() => expect(address()).toBe('/support?runtime=mine'))
    unmount()
    const settings = await openAt('/settings', alone)
    await settings.user.click(await screen.findByRole('button', { name: 'Save support file' }))
    await waitFor(() => expect(settings.address()).toBe('/support'))
    const main = within(screen.getByRole('main'))
    await settings.user.click(await main.findByRole('link', { name: 'Settings' }))
    await waitFor(() => expect(settings.address()).toBe('/settings'))
  })
})
