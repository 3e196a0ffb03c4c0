import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { openFlow } from '../../testing/openFlow'
import { expectAccessible } from '../../testing/render'

describe('the log of a flow’s run', () => {
  it('tells which node takes the time, and opens its code in the flow’s folder', async () => {
    const { user, backend } = await openFlow({}, '?tab=log')
    const log = within(await screen.findByRole('log', { name: 'Output lines of answers' }))
    expect(await log.findByText(/Executing node search/)).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Node times' }))
    expect(
      await screen.findByRole('table', { name: 'Node times of Output lines of answers' }),
    ).toBeVisible()
    await user.click(
      screen.getByRole('button', {
        name: 'Open in VS Code: search.py, line 21, in search',
      }),
    )
    await waitFor(() =>
      expect(
        backend.calls.find(({ command }) => command.startsWith('plugin:opener'))?.request,
      ).toMatchObject({ url: 'vscode://file/home/anna/flows/answers/search.py:21' }),
    )
    await expectAccessible()
  })

  it('shows the file where nothing opens such addresses', async () => {
    const { user, backend } = await openFlow(
      {
        plugins: {
          'plugin:opener|open_url': () => {
            throw new Error('no handler')
          },
        },
      },
      '?tab=log',
    )
    await user.click(await screen.findByRole('button', { name: 'Node times' }))
    await user.click(await screen.findByRole('button', { name: /^Open in VS Code: search.py/ }))
    expect(await screen.findByText(/The file is shown in the file manager instead/)).toBeVisible()
    await waitFor(() =>
      expect(JSON.stringify(backend.calls.map(({ request }) => request))).toContain(
        '"/home/anna/flows/answers/search.py"',
      ),
    )
  })
})
