import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { adopted, manageOperation } from '../../../testing/adoptFixtures'
import { compute, detail, problem } from '../../../testing/fixtures'
import { expectAccessible, openAt } from '../../../testing/render'
import { withCommand } from './command'

const one = adopted()
const alone = {
  runtimes: [one],
  computes: [compute()],
  answers: { check_version: () => ({ check: null }) },
}

const composeRefusal = problem({
  code: 'cannotBeKept',
  sentence:
    'flows-by-hand belongs to the Compose project shop. Replacing it here would go behind Compose\'s back: its next "up" would undo it.',
  hints: [
    "Change the image in the Compose file and run: docker compose -f '/srv/my shop/compose.yaml' -p shop up -d --pull always flows",
    'Or make a new runtime beside it.',
  ],
})

const unproven = problem({
  code: 'cannotBeKept',
  sentence:
    'The new image cannot be proved beside the running one. It uses the network of the host.',
  hints: ['Confirm that you want this, or leave the settings.'],
})

async function manage(parts: Parameters<typeof openAt>[1] = {}) {
  const opened = await openAt('/runtimes/adopted?manage=open', { ...alone, ...parts })
  const dialog = await screen.findByRole('dialog', { name: 'Manage fully' })
  return { ...opened, dialog, inside: within(dialog) }
}

describe('an adopted runtime', () => {
  it('says what it is and since when, and is released instead of deleted', async () => {
    await openAt('/runtimes/adopted', alone)
    expect(screen.getAllByText('Adopted').length).toBeGreaterThan(0)
    const bar = screen.getByText(/Somebody else made this container/).closest('[role=group]')
    expect(bar).toHaveTextContent(/Adopted 3 days ago/)
    expect(bar).toHaveTextContent(/kept by its id and name, in this application only/)
    expect(screen.getByRole('button', { name: 'Release' })).toBeVisible()
    expect(screen.getByRole('button', { name: 'Manage fully' })).toBeVisible()
    expect(screen.queryByRole('button', { name: 'Delete' })).toBeNull()
    await expectAccessible()
  })

  it('is updated on its own image unless another one is chosen', async () => {
    const image = 'registry.example.com/team/flows:2'
    const { backend } = await openAt('/runtimes/adopted?update=open', {
      ...alone,
      runtimes: [{ ...one, image, version: null }],
    })
    await screen.findByRole('dialog', { name: 'Update runtime' })
    await waitFor(() =>
      expect(backend.requests('preview_update').at(-1)?.environment).toEqual({
        kind: 'image',
        reference: image,
      }),
    )
  })

  it('is released after saying that it goes on running', async () => {
    const { user, backend, address } = await openAt('/runtimes/adopted', alone)
    await user.click(screen.getByRole('button', { name: 'Release' }))
    const dialog = await screen.findByRole('dialog', { name: 'Release flows-by-hand' })
    expect(dialog).toHaveTextContent(/goes on running as it is/)
    await expectAccessible()
    await user.click(within(dialog).getByRole('button', { name: 'Release' }))
    expect(backend.requests('release_runtime')).toEqual([{ runtime: 'adopted' }])
    backend.tell({ kind: 'runtimes', changed: [], removed: ['adopted'] })
    expect(await screen.findByText('flows-by-hand was released')).toBeVisible()
    await waitFor(() => expect(address()).toBe('/runtimes'))
    expect(screen.queryByText('flows-by-hand is gone')).toBeNull()
  })

  it('that cannot be released says why', async () => {
    const { user } = await openAt('/runtimes/adopted', {
      ...alone,
      answers: {
        ...alone.answers,
        release_runtime: () => {
          throw problem({ code: 'busy', sentence: 'An operation works on flows-by-hand.' })
        },
      },
    })
    await user.click(screen.getByRole('button', { name: 'Release' }))
    const dialog = await screen.findByRole('dialog', { name: 'Release flows-by-hand' })
    await user.click(within(dialog).getByRole('button', { name: 'Release' }))
    expect(await within(dialog).findByText('An operation works on flows-by-hand.')).toBeVisible()
  })

  it('has the same in the menu of its row', async () => {
    const { user, address } = await openAt('/runtimes', alone)
    await user.click(await screen.findByRole('button', { name: 'Actions for flows-by-hand' }))
    expect(screen.queryByRole('menuitem', { name: 'Delete' })).toBeNull()
    await user.click(screen.getByRole('menuitem', { name: 'Release' }))
    const dialog = await screen.findByRole('dialog', { name: 'Release flows-by-hand' })
    await user.click(within(dialog).getByRole('button', { name: 'Cancel' }))
    await user.click(await screen.findByRole('button', { name: 'Actions for flows-by-hand' }))
    await user.click(screen.getByRole('menuitem', { name: 'Manage fully' }))
    expect(address()).toBe('/runtimes/adopted?manage=open')
  })
})

describe('managing fully', () => {
  it('says what happens, then shows the progress', async () => {
    const { user, backend, inside } = await manage()
    const happens = inside.getByRole('region', { name: 'What happens' })
    expect(happens).toHaveTextContent(/same image and the same settings is started beside/)
    expect(happens).toHaveTextContent(/about as long as its service needs to start/)
    expect(happens).toHaveTextContent(/The old container is kept/)
    await inside.findByRole('radio', { name: 'Wait for those that can be seen' })
    await expectAccessible()
    await waitFor(() => expect(inside.queryByText(/Finding out/)).toBeNull())
    await user.click(inside.getByRole('button', { name: 'Manage fully' }))
    expect(backend.requests('manage_runtime')).toEqual([
      { runtime: 'adopted', confirmed: false, cancelRuns: false },
    ])
    backend.tell({ kind: 'operation', operation: manageOperation() })
    expect(await inside.findByRole('region', { name: 'Progress of flows-by-hand' })).toBeVisible()
    backend.tell({
      kind: 'operation',
      operation: manageOperation({
        state: 'succeeded',
        cancel: 'no',
        finished: new Date().toISOString(),
        outcome: 'flows-by-hand is fully managed now.',
      }),
    })
    backend.tell({
      kind: 'runtimes',
      changed: [{ ...one, adopted: null, generation: 1 }],
      removed: [],
    })
    expect(await inside.findByText('flows-by-hand is fully managed now.')).toBeVisible()
    await user.click(inside.getByRole('button', { name: 'Close' }))
    expect(await screen.findByRole('button', { name: 'Delete' })).toBeVisible()
    expect(screen.queryByRole('button', { name: 'Release' })).toBeNull()
  })

  it('is refused for a service of Compose, with the command that updates it', async () => {
    const { user, backend, inside } = await manage({
      ...alone,
      answers: {
        ...alone.answers,
        runtime_detail: () => ({ ...detail(one), cannotUpdate: [composeRefusal] }),
      },
    })
    const why = await inside.findByRole('region', { name: 'Why it cannot be managed here' })
    expect(why).toHaveTextContent(/belongs to the Compose project shop/)
    expect(
      within(why).getByText(
        "docker compose -f '/srv/my shop/compose.yaml' -p shop up -d --pull always flows",
      ),
    ).toBeVisible()
    expect(within(why).getByRole('button', { name: 'Copy Command for a terminal' })).toBeVisible()
    await user.click(inside.getByRole('button', { name: 'Manage fully' }))
    expect(inside.getByText(/Nothing was begun/)).toBeVisible()
    expect(backend.requests('manage_runtime')).toEqual([])
    await expectAccessible()
  })

  it('asks for a confirmation where it cannot be proved beside the old one', async () => {
    const { user, backend, inside } = await manage()
    await waitFor(() => expect(inside.queryByText(/Finding out/)).toBeNull())
    await user.click(inside.getByRole('button', { name: 'Manage fully' }))
    backend.tell({
      kind: 'operation',
      operation: manageOperation({
        state: 'failed',
        cancel: 'no',
        problem: unproven,
        finished: new Date().toISOString(),
      }),
    })
    const tick = await inside.findByRole('checkbox', { name: /I know this/ })
    expect(inside.getByText(/uses the network of the host/)).toBeVisible()
    await user.click(inside.getByRole('button', { name: 'Manage fully' }))
    expect(inside.getByText('Confirm this first.')).toBeVisible()
    expect(tick).toHaveFocus()
    await user.click(tick)
    await user.click(inside.getByRole('button', { name: 'Manage fully' }))
    expect(backend.requests('manage_runtime').map(({ confirmed }) => confirmed)).toEqual([
      false,
      true,
    ])
  })

  it('leads to its progress from the page while it is under way', async () => {
    const { user } = await openAt('/runtimes/adopted', {
      ...alone,
      runtimes: [{ ...one, operation: 'operation-started', status: 'Updating' }],
      operations: [manageOperation()],
    })
    expect(screen.getAllByText(/Taking flows-by-hand into management/)[0]).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'View progress' }))
    const dialog = await screen.findByRole('dialog', { name: 'Manage fully' })
    expect(within(dialog).getByRole('region', { name: 'Progress of flows-by-hand' })).toBeVisible()
  })
})

describe('a hint', () => {
  it('is taken apart only where it ends with a command', () => {
    expect(withCommand('Do it and run: docker compose -p a up -d b')).toEqual({
      words: 'Do it and run:',
      command: 'docker compose -p a up -d b',
    })
    expect(withCommand('Or make a new runtime beside it.')).toEqual({
      words: 'Or make a new runtime beside it.',
      command: null,
    })
  })
})
