import { FluentProvider } from '@fluentui/react-components'
import { QueryClientProvider } from '@tanstack/react-query'
import { act, render, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { I18nextProvider } from 'react-i18next'
import { MemoryRouter } from 'react-router'
import { describe, expect, it, vi } from 'vitest'
import type { Runtime } from '../../backend/types'
import { messages } from '../../messages'
import { applyChange } from '../../state/live'
import { makeQueryClient } from '../../state/queries'
import { installFakeBackend } from '../../testing/fakeBackend'
import { ago, operation, REPOSITORY, runtime } from '../../testing/fixtures'
import { expectAccessible } from '../../testing/render'
import { lightTheme } from '../../theme'
import RollBackDialog from './RollBackDialog'

const previous = {
  image: `${REPOSITORY}:20240429.v7`,
  version: '20240429.v7',
  since: ago(2 * 86_400_000),
  kept: true,
}

async function dialog(parts: Partial<Runtime> = {}) {
  const backend = installFakeBackend()
  const onClose = vi.fn()
  render(
    <I18nextProvider i18n={messages}>
      <QueryClientProvider client={makeQueryClient()}>
        <FluentProvider theme={lightTheme}>
          <MemoryRouter>
            <main>
              <RollBackDialog runtime={runtime({ previous, ...parts })} open onClose={onClose} />
            </main>
          </MemoryRouter>
        </FluentProvider>
      </QueryClientProvider>
    </I18nextProvider>,
  )
  const inside = within(await screen.findByRole('dialog', { name: 'Roll back runtime' }))
  return { backend, onClose, inside, user: userEvent.setup() }
}

describe('rolling back', () => {
  it('says what it goes back to, what happens, and that content does not go back', async () => {
    const { inside } = await dialog()
    expect(inside.getByRole('region', { name: 'From → to' })).toHaveTextContent(
      /20240429\.v8.*20240429\.v7/,
    )
    const happens = inside.getByRole('region', { name: 'What happens' })
    expect(happens).toHaveTextContent('20240429.v7 served until 2 days ago.')
    expect(happens).toHaveTextContent(/does not roll back.*my-runtime-data, \/home\/anna\/flows/)
    await expectAccessible()
  })

  it('says that no content is concerned where nothing is mounted', async () => {
    const { inside } = await dialog({ mounts: [] })
    expect(inside.getByText(/no content is concerned/)).toBeVisible()
  })

  it('says that only the image goes back where its container was removed', async () => {
    const { inside } = await dialog({ previous: { ...previous, kept: false } })
    const happens = inside.getByRole('region', { name: 'What happens' })
    expect(happens).toHaveTextContent(/only the image goes back; the settings stay/)
    expect(happens).not.toHaveTextContent(/The previous container is started/)
    expect(inside.getByRole('button', { name: 'Roll back' })).toBeVisible()
  })

  it('leaves a stopped runtime stopped', async () => {
    const { inside } = await dialog({ status: 'Stopped' })
    expect(inside.getByText(/left stopped/)).toBeVisible()
    expect(inside.queryByText(/does not answer/)).toBeNull()
  })

  it('becomes the progress, and is closed at any time', async () => {
    const { inside, user, backend, onClose } = await dialog()
    await user.click(inside.getByRole('button', { name: 'Roll back' }))
    await waitFor(() => expect(backend.requests('roll_back_runtime')).toHaveLength(1))
    await act(async () =>
      applyChange({
        kind: 'operation',
        operation: operation({ id: 'operation-started', kind: 'rollBack', cancel: 'goBack' }),
      }),
    )
    expect(await inside.findByRole('button', { name: 'Go back' })).toBeVisible()
    await user.click(inside.getByRole('button', { name: 'Keep running in the background' }))
    expect(onClose).toHaveBeenCalled()
  })

  it('offers nothing where no previous container is kept', async () => {
    const { inside } = await dialog({ previous: null })
    expect(inside.getByText(/nothing to go back to/)).toBeVisible()
    expect(inside.queryByRole('button', { name: 'Roll back' })).toBeNull()
  })
})
