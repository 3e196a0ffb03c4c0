import { act, screen, waitFor, within } from '@testing-library/react'
import { afterEach, describe, expect, it } from 'vitest'
import { environment, environmentVersion, rag } from '../../testing/environmentFixtures'
import type { World } from '../../testing/fakeBackend'
import { compute, operation, problem } from '../../testing/fixtures'
import { expectAccessible, openAt } from '../../testing/render'
import { wizardDraft } from './draft'

afterEach(() => wizardDraft.forget())

const empty = environment({ name: 'empty' })
const elsewhere = environment({
  name: 'elsewhere',
  versions: [environmentVersion({ number: 5, compute: 'gpu', computeName: 'gpu' })],
})

const customized = () => screen.getByRole('radio', { name: 'Use customized environment' })
const field = (name: string) => screen.findByRole('combobox', { name })

async function wizard(address: string, world: Partial<World> = {}) {
  const opened = await openAt(address, {
    runtimes: [],
    computes: [compute(), compute({ id: 'gpu', name: 'gpu' })],
    environments: [elsewhere, empty, rag()],
    ...world,
  })
  await waitFor(() => expect(screen.getByLabelText('Runtime name')).not.toHaveValue(''))
  const goTo = async (step: string) => {
    await opened.user.click(screen.getByRole('button', { name: 'Next' }))
    await screen.findByRole('heading', { level: 2, name: step })
  }
  return { ...opened, goTo }
}

describe('a customized environment', () => {
  it('is the first with a version here, and is created as chosen', async () => {
    const { user, goTo, backend } = await wizard('/runtimes/add')
    await goTo('Environment')
    await user.click(customized())
    expect(await field('Environment')).toHaveTextContent('rag')
    expect(await field('Version')).toHaveTextContent('Newest (3)')
    const card = screen.getByRole('region', { name: 'rag, version 3' })
    for (const words of ['3.11.2', '1.18.1', '1.6.0', '142', '1.1 GB', 'ab12cd34ab12']) {
      expect(within(card).getByText(words)).toBeVisible()
    }
    expect(screen.queryByLabelText('Image reference')).toBeNull()
    expect(screen.getByRole('complementary', { name: 'Summary' })).toHaveTextContent(
      'rag, version 3',
    )
    await expectAccessible()
    await user.click(await field('Version'))
    await user.click(
      screen.getByRole('option', { name: /^2 · .*Python 3\.11\.2 · promptflow 1\.17\.2/ }),
    )
    expect(screen.getByRole('region', { name: 'rag, version 2' })).toBeVisible()
    for (const step of ['Settings', 'Review']) await goTo(step)
    expect(screen.getByRole('region', { name: 'What will be created' })).toHaveTextContent(
      'rag, version 2',
    )
    await user.click(screen.getByRole('button', { name: 'Create' }))
    await waitFor(() => expect(backend.requests('create_runtime')).toHaveLength(1))
    expect(backend.requests('create_runtime')[0]?.draft.environment).toEqual({
      kind: 'named',
      environment: 'environment-rag',
      version: 2,
    })
  })

  it('lists those that have no version here with the reason, and an image last', async () => {
    const { user, goTo } = await wizard('/runtimes/add')
    await goTo('Environment')
    await user.click(customized())
    await user.click(await field('Environment'))
    const options = screen.getAllByRole('option')
    expect(options.map(({ textContent }) => textContent)).toEqual([
      'elsewhere Packages · not built on this compute yet',
      'empty Packages · not built on this compute yet',
      'rag Packages · version 3 · Python 3.11.2 · promptflow 1.18.1',
      'An image by its reference',
    ])
    expect(options.map((option) => option.getAttribute('aria-disabled'))).toEqual([
      'true',
      'true',
      null,
      null,
    ])
    await user.click(screen.getByRole('option', { name: 'An image by its reference' }))
    await user.type(screen.getByLabelText('Image reference'), 'r.example/i:1')
    // Both are kept while the other, or the default environment, is shown.
    await user.click(screen.getByRole('radio', { name: 'Use default environment' }))
    await user.click(customized())
    expect(screen.getByLabelText('Image reference')).toHaveValue('r.example/i:1')
    await user.click(await field('Environment'))
    await user.click(screen.getByRole('option', { name: /^rag/ }))
    expect(screen.queryByLabelText('Image reference')).toBeNull()
    await user.click(await field('Environment'))
    await user.click(screen.getByRole('option', { name: 'An image by its reference' }))
    expect(screen.getByLabelText('Image reference')).toHaveValue('r.example/i:1')
  })

  it('is an image while no environment has a version here', async () => {
    const { user, goTo } = await wizard('/runtimes/add', { environments: [empty] })
    await goTo('Environment')
    await user.click(customized())
    expect(await field('Environment')).toHaveTextContent('An image by its reference')
    expect(screen.getByLabelText('Image reference')).toBeVisible()
    expect(screen.queryByRole('link', { name: 'Make an environment' })).toBeNull()
  })

  it('is an image alone while there is no environment, with a way to make one', async () => {
    const { user, goTo, address } = await wizard('/runtimes/add', { environments: [] })
    await goTo('Environment')
    await user.click(customized())
    expect(await screen.findByLabelText('Image reference')).toBeVisible()
    expect(screen.queryByRole('combobox', { name: 'Environment' })).toBeNull()
    await expectAccessible()
    await user.click(screen.getByRole('link', { name: 'Make an environment' }))
    expect(address()).toBe('/environments/add')
  })

  it('has what is wrong with it under its field', async () => {
    const sentence = 'rag has no version on this compute yet.'
    const { user, goTo } = await wizard('/runtimes/add', {
      answers: {
        check_draft: ({ draft }) => ({
          problems:
            draft.environment.kind === 'named'
              ? [problem({ code: 'invalidInput', field: 'environment.named', sentence })]
              : [],
        }),
      },
    })
    await goTo('Environment')
    await user.click(customized())
    const environments = await field('Environment')
    await waitFor(() => expect(environments).toHaveAccessibleDescription(sentence))
    await user.click(screen.getByRole('button', { name: 'Next' }))
    await waitFor(() => expect(environments).toHaveFocus())
  })
})

describe('the address of the wizard', () => {
  it('begins with a version of an environment, on the compute that has it', async () => {
    const { goTo, address } = await wizard(
      '/runtimes/add?environment=environment-elsewhere&version=5',
    )
    expect(address()).toBe('/runtimes/add')
    expect(await field('Compute')).toHaveTextContent('gpu')
    const summary = screen.getByRole('complementary', { name: 'Summary' })
    expect(summary).toHaveTextContent('elsewhere, version 5')
    await goTo('Environment')
    expect(customized()).toBeChecked()
    expect(await field('Environment')).toHaveTextContent('elsewhere')
    expect(await field('Version')).toHaveTextContent(/^5 · /)
  })

  it('begins with the newest version when it names none, and keeps what was typed', async () => {
    act(() => wizardDraft.type('description', { description: 'For the team' }))
    const { goTo } = await wizard('/runtimes/add?environment=environment-rag')
    expect(screen.getByLabelText('Description')).toHaveValue('For the team')
    await goTo('Environment')
    expect(await field('Version')).toHaveTextContent('Newest (3)')
  })

  it('begins a new runtime when the last draft became one', async () => {
    act(() => wizardDraft.operation('operation-1'))
    const { address } = await wizard('/runtimes/add?environment=environment-rag&version=2', {
      operations: [operation({ id: 'operation-1', kind: 'create', state: 'succeeded' })],
    })
    expect(address()).toBe('/runtimes/add')
    expect(screen.getByRole('complementary', { name: 'Summary' })).toHaveTextContent(
      'rag, version 2',
    )
  })
})
