import { act, type RenderResult, render, screen } from '@testing-library/react'
import userEvent, { type UserEvent } from '@testing-library/user-event'
import axe from 'axe-core'
import { expect } from 'vitest'
import { App } from '../app/App'
import { makeMemoryRouter } from '../app/router'
import { connect } from '../state/connect'
import { makeQueryClient } from '../state/queries'
import { type FakeBackend, installFakeBackend, type World } from './fakeBackend'

export interface Opened extends RenderResult {
  backend: FakeBackend
  user: UserEvent
  /** The page's address now, with its query. */
  address(): string
  /** Goes back, as the keys of a window or a mouse do. */
  back(): Promise<void>
  /** Everything that questions and actions remember, as one text. */
  remembered(): string
}

/** Opens the whole window at an address, in a pretended world, and waits for the page's heading. */
export async function openAt(at: string, world: Partial<World> = {}): Promise<Opened> {
  const backend = installFakeBackend(world)
  const router = makeMemoryRouter(at)
  const user = userEvent.setup()
  const client = makeQueryClient()
  const result = render(<App router={router} client={client} />)
  act(() => void connect(client))
  await screen.findAllByRole('heading', { level: 1 }, { timeout: 10_000 })
  return {
    ...result,
    backend,
    user,
    address: () => `${router.state.location.pathname}${router.state.location.search}`,
    back: async () => {
      await act(async () => {
        await router.navigate(-1)
      })
    },
    remembered: () =>
      JSON.stringify([
        client
          .getQueryCache()
          .getAll()
          .map(({ queryKey, state }) => [queryKey, state]),
        client
          .getMutationCache()
          .getAll()
          .map(({ state }) => state),
        router.state.location,
      ]),
  }
}

/** Fails on what axe finds; colours need a layout and are looked at in a real window. */
export async function expectAccessible(): Promise<void> {
  const { violations } = await axe.run(document.body, {
    rules: { 'color-contrast': { enabled: false } },
  })
  const told = violations.map(
    ({ id, help, nodes }) => `${id}: ${help}\n${nodes.map(({ html }) => `  ${html}`).join('\n')}`,
  )
  expect(told.join('\n\n')).toBe('')
}
