import { screen, waitFor, within } from '@testing-library/react'
import type { UserEvent } from '@testing-library/user-event'
import { describe, expect, it } from 'vitest'
import { contextSource, environment } from '../../testing/environmentFixtures'
import { problem } from '../../testing/fixtures'
import { expectAccessible, openAt } from '../../testing/render'

const field = (name: string) => screen.getByRole('textbox', { name })
/** Puts a text into a field at once: each key on its own takes long in a test. */
const put = async (user: UserEvent, control: HTMLElement, text: string) => {
  await user.clear(control)
  await user.paste(text)
}
const choose = (name: string) => screen.getByRole('radio', { name })

describe('the form of an environment', () => {
  it('of packages shows the Dockerfile as one types and saves what was typed', async () => {
    const { user, backend, address } = await openAt('/environments/add')
    expect(await screen.findByRole('heading', { name: 'Add environment' })).toBeVisible()
    await put(user, field('Name'), 'new-one')
    const base = screen.getByRole('combobox', { name: 'Base image' })
    await put(user, base, 'python:3.12-slim')
    await user.click(
      screen.getByRole('checkbox', { name: 'promptflow-tools (LLM and prompt nodes need them)' }),
    )
    await put(user, field('Requirements'), 'langchain==0.3.7')
    const panel = screen.getByRole('region', { name: 'Dockerfile' })
    await waitFor(() => expect(panel).toHaveTextContent('FROM python:3.12-slim'))
    await user.click(screen.getByRole('button', { name: 'More' }))
    await put(user, field('System packages'), 'libgomp1 git')
    await user.click(choose('uv, which is faster'))
    await put(user, field('Index URL'), 'https://index.example/simple')
    await put(user, field('Trusted hosts'), 'a.example\nb.example')
    await user.click(screen.getByRole('button', { name: 'Service' }))
    await put(user, field('Port inside'), '9000')
    await expectAccessible()
    await user.click(screen.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(address()).toBe('/environments/environment-new-one'))
    expect(await screen.findByRole('heading', { level: 1, name: 'new-one' })).toBeVisible()
    expect(backend.requests('save_environment')).toEqual([
      {
        environment: null,
        form: {
          name: 'new-one',
          description: '',
          port: 9000,
          healthPath: '',
          source: {
            kind: 'packages',
            base: 'python:3.12-slim',
            promptflow: '',
            tools: false,
            requirements: 'langchain==0.3.7',
            systemPackages: ['libgomp1', 'git'],
            installer: 'uv',
            index: {
              url: 'https://index.example/simple',
              username: '',
              extraUrls: [],
              trustedHosts: ['a.example', 'b.example'],
              proxy: '',
              noProxy: '',
              certificates: '',
            },
          },
        },
      },
    ])
  })

  it('shows problems at touched fields, all of them on Save, and focuses the first', async () => {
    const { user, backend } = await openAt('/environments/add')
    await put(user, await screen.findByRole('textbox', { name: 'Name' }), 'x')
    await waitFor(() => expect(backend.requests('check_environment').length).toBeGreaterThan(0))
    expect(screen.queryByText('Give the environment a name.')).toBeNull()
    await user.clear(field('Name'))
    expect(await screen.findByText('Give the environment a name.')).toBeVisible()
    await put(user, field('Name'), 'x')
    await user.click(screen.getByRole('button', { name: 'More' }))
    await put(user, field('Index URL'), 'index.example')
    await user.click(screen.getByRole('button', { name: 'More' }))
    await user.click(screen.getByRole('button', { name: 'Save' }))
    expect(await screen.findByText('An address begins with https:// or http://.')).toBeVisible()
    expect(field('Index URL')).toHaveFocus()
    expect(screen.getByText('A field needs a change before this can be saved.')).toBeVisible()
    expect(backend.requests('save_environment')).toEqual([])
    await user.click(screen.getByRole('button', { name: 'Service' }))
    await put(user, field('Port inside'), 'many')
    expect(await screen.findByText(/A port is a whole number/)).toBeVisible()
    await expectAccessible()
  })

  it('keeps what was typed in each kind', async () => {
    const { user, backend } = await openAt('/environments/add')
    await put(user, await screen.findByRole('textbox', { name: 'Name' }), 'kept')
    await put(user, field('Requirements'), 'faiss-cpu')
    await user.click(choose('Image'))
    await put(user, field('Image'), 'registry.example.com/a:1')
    await expectAccessible()
    await user.click(choose('Default'))
    await put(user, field('Version'), '20240429.v10')
    expect(screen.getByText(/Nothing is built/)).toBeVisible()
    await expectAccessible()
    await user.click(choose('Packages'))
    expect(field('Requirements')).toHaveValue('faiss-cpu')
    await user.click(choose('Image'))
    expect(field('Image')).toHaveValue('registry.example.com/a:1')
    await user.click(screen.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(backend.requests('save_environment')).toHaveLength(1))
    expect(backend.requests('save_environment')[0]?.form.source).toEqual({
      kind: 'image',
      reference: 'registry.example.com/a:1',
    })
  })

  it('of a build context asks to confirm an argument that looks like a key', async () => {
    const { user, backend } = await openAt('/environments/add')
    await put(user, await screen.findByRole('textbox', { name: 'Name' }), 'own')
    await user.click(choose('Build context'))
    await put(user, field('Folder'), '/home/anna/image_build')
    await user.click(screen.getByRole('button', { name: 'Add argument' }))
    await put(user, field('Name of argument 1'), 'API_KEY_NAME')
    await put(user, field('Value of argument 1'), 'which')
    const confirm = await screen.findByRole('checkbox', {
      name: 'It is no secret although it looks like one',
    })
    await expectAccessible()
    await user.click(confirm)
    await user.click(screen.getByRole('combobox', { name: 'Target' }))
    await user.click(await screen.findByRole('option', { name: 'serve' }))
    await user.click(screen.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(backend.requests('save_environment')).toHaveLength(1))
    expect(backend.requests('save_environment')[0]?.form.source).toEqual({
      kind: 'buildContext',
      folder: '/home/anna/image_build',
      dockerfile: '',
      arguments: [{ name: 'API_KEY_NAME', value: 'which', confirmed: true }],
      target: 'serve',
      secrets: [],
    })
  })

  it('takes requirements from a file', async () => {
    const { user, backend } = await openAt('/environments/add')
    await user.click(await screen.findByRole('button', { name: 'Take from a file…' }))
    const dialog = within(await screen.findByRole('dialog', { name: 'Take from a file' }))
    await user.type(dialog.getByRole('textbox', { name: 'Path' }), '/home/anna/flow{Enter}')
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect(await screen.findByRole('textbox', { name: 'Requirements' })).toHaveValue(
      'langchain==0.3.7\nfaiss-cpu\n',
    )
    expect(backend.requests('save_environment')).toEqual([])
  })

  it('begins with what there is, and tells what saving refuses at its field', async () => {
    const { user } = await openAt('/environments/environment-team/edit', {
      environments: [environment({ name: 'team', source: contextSource, port: 8080 })],
      answers: {
        save_environment: () => {
          throw problem({ code: 'invalidInput', field: 'name', sentence: 'The name is taken.' })
        },
      },
    })
    expect(await screen.findByRole('heading', { name: 'Edit team' })).toBeVisible()
    expect(field('Folder')).toHaveValue('/home/anna/flows/image_build')
    expect(field('Name of argument 1')).toHaveValue('PYTHON_VERSION')
    expect(field('Port inside')).toHaveValue('8080')
    await user.click(screen.getByRole('button', { name: 'Save' }))
    expect(await screen.findByText('The name is taken.')).toBeVisible()
    expect(field('Name')).toHaveFocus()
  })

  it('says so when there is no such environment', async () => {
    const { user, address } = await openAt('/environments/nowhere/edit')
    await user.click(await screen.findByRole('button', { name: 'Go to environments' }))
    expect(address()).toBe('/environments')
  })
})
