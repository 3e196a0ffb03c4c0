import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { diagnosis } from '../testing/diagnosisFixtures'
import { compute, runtime } from '../testing/fixtures'
import { expectAccessible, openAt } from '../testing/render'

const mine = runtime({ id: 'mine' })
const alone = {
  runtimes: [mine],
  computes: [compute()],
  answers: {
    check_version: () => ({ check: null }),
    diagnose_runtime: () => diagnosis(mine),
  },
}

describe('with the keyboard alone', () => {
  it('the tabs of a runtime are gone through with arrows and opened with Enter', async () => {
    const { user, address } = await openAt('/runtimes/mine', alone)
    screen.getByRole('tab', { name: 'Overview' }).focus()
    await user.keyboard('{ArrowRight}{ArrowRight}')
    expect(screen.getByRole('tab', { name: 'Packages' })).toHaveFocus()
    expect(screen.getByRole('tab', { name: 'Overview', selected: true })).toBeInTheDocument()
    await user.keyboard('{Enter}')
    expect(await screen.findByRole('tab', { name: 'Packages', selected: true })).toHaveFocus()
    expect(address()).toContain('tab=packages')
    await user.keyboard('{ArrowRight}{Enter}')
    expect(await screen.findByRole('tab', { name: 'Diagnostics', selected: true })).toHaveFocus()
  })

  it('what a check saw is unfolded and folded', async () => {
    const { user } = await openAt('/runtimes/mine?tab=diagnostics', alone)
    const list = within(await screen.findByRole('list', { name: 'Checks' }))
    const button = await list.findByRole('button', { name: 'What was seen of: Health' })
    button.focus()
    await user.keyboard('{Enter}')
    expect(await list.findByText('200 {"status":"Healthy"}')).toBeVisible()
    expect(button).toHaveAttribute('aria-expanded', 'true')
    await user.keyboard(' ')
    await waitFor(() => expect(list.queryByText('200 {"status":"Healthy"}')).toBeNull())
    expect(button).toHaveFocus()
  })

  it('a runtime is asked for before it is deleted, and Escape keeps it', async () => {
    const { user, backend } = await openAt('/runtimes/mine', alone)
    const button = await screen.findByRole('button', { name: 'Delete' })
    button.focus()
    await user.keyboard('{Enter}')
    const dialog = await screen.findByRole('dialog')
    await waitFor(() => expect(dialog).toContainElement(document.activeElement as HTMLElement))
    await expectAccessible()
    await user.keyboard('{Escape}')
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect(backend.requests('delete_runtime')).toEqual([])
    await waitFor(() => expect(button).toHaveFocus())
  })

  it('an environment is found and opened from the search box on', async () => {
    const { user, address } = await openAt('/environments')
    const search = await screen.findByRole('searchbox', { name: 'Search environments' })
    search.focus()
    await user.keyboard('rag')
    const link = await screen.findByRole('link', { name: 'rag' })
    await waitFor(() => expect(screen.queryByRole('link', { name: 'microsoft' })).toBeNull())
    for (let presses = 0; document.activeElement !== link && presses < 12; presses += 1) {
      await user.tab()
    }
    expect(link).toHaveFocus()
    await user.keyboard('{Enter}')
    expect(await screen.findByRole('heading', { level: 1, name: 'rag' })).toBeVisible()
    expect(address()).toBe('/environments/environment-rag')
  })

  it('the appearance is chosen with arrows', async () => {
    const { user, backend } = await openAt('/settings')
    const group = within(await screen.findByRole('radiogroup', { name: 'Colours' }))
    const system = group.getByRole('radio', { name: 'System' })
    system.focus()
    await user.keyboard('{ArrowDown}')
    expect(group.getByRole('radio', { name: 'Light' })).toBeChecked()
    await waitFor(() => expect(backend.requests('change_settings')).not.toEqual([]))
  })

  it('a flow’s folder is asked for where nothing was typed, and the typed one is opened', async () => {
    const { user, backend } = await openAt('/flows')
    const field = await screen.findByRole('textbox', { name: 'Folder of a flow' })
    field.focus()
    await user.keyboard('{Enter}')
    expect(field).toHaveFocus()
    expect(backend.requests('open_flow')).toEqual([])
    expect(field).toBeInvalid()
    await user.keyboard('  /home/anna/flows/answers {Enter}')
    expect(await screen.findByRole('heading', { level: 1, name: 'answers' })).toBeVisible()
    expect(backend.requests('open_flow')).toEqual([{ path: '/home/anna/flows/answers' }])
  })
})
