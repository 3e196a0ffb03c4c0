import { screen, waitFor } from '@testing-library/react'
import type { UserEvent } from '@testing-library/user-event'
import { describe, expect, it } from 'vitest'
import { withLogin, withSecrets } from '../../testing/environmentFixtures'
import type { FakeBackend, World } from '../../testing/fakeBackend'
import { problem } from '../../testing/fixtures'
import { expectAccessible, openAt } from '../../testing/render'

const PLANTED = 'planted-value-4711'
const KEPT = 'Kept; leave empty to keep it'
const locked = problem({
  code: 'keyring',
  sentence: 'The keyring is locked.',
  hints: ['Unlock it.'],
  retry: false,
})

const field = (name: string) => screen.getByLabelText(name)
const put = async (user: UserEvent, control: HTMLElement, text: string) => {
  await user.clear(control)
  await user.paste(text)
}
const press = (user: UserEvent, name: string) => user.click(screen.getByRole('button', { name }))

/** The form of an environment with the secrets `pip`, which is kept, and `npm-token`, which is not. */
const edit = (query = '', world: Partial<World> = {}) =>
  openAt(`/environments/environment-private-packages/edit${query}`, {
    environments: [withSecrets()],
    ...world,
  })

/** Commands whose request has what was planted. */
const holding = ({ calls }: FakeBackend) =>
  calls
    .filter(({ request }) => JSON.stringify(request ?? null).includes(PLANTED))
    .map(({ command }) => command)

describe('build secrets', () => {
  it('are named in the definition; their values go nowhere but into the keyring', async () => {
    const { user, backend, address, remembered } = await openAt('/environments/add')
    await put(user, await screen.findByRole('textbox', { name: 'Name' }), 'own')
    await user.click(screen.getByRole('radio', { name: 'Build context' }))
    await put(user, field('Folder'), '/home/anna/image_build')
    expect(screen.getByText(/reaches only the steps that mount it.*never the image/)).toBeVisible()
    await press(user, 'Add secret')
    await put(user, field('Id of secret 1'), 'pip')
    await put(user, field('Value of secret 1'), PLANTED)
    expect(field('Value of secret 1')).toHaveAttribute('type', 'password')
    await press(user, 'Add secret')
    await put(user, field('Id of secret 2'), 'later')
    await waitFor(() =>
      expect(JSON.stringify(backend.requests('check_environment').at(-1))).toContain('later'),
    )
    await expectAccessible()
    expect(remembered()).not.toContain(PLANTED)
    await press(user, 'Save')
    await waitFor(() => expect(address()).toBe('/environments/environment-own'))
    expect(backend.requests('save_environment')[0]?.form.source).toMatchObject({
      kind: 'buildContext',
      secrets: ['pip', 'later'],
    })
    expect(backend.requests('keep_build_secret')).toEqual([
      { environment: 'environment-own', secret: 'pip', value: PLANTED },
    ])
    expect(holding(backend)).toEqual(['keep_build_secret'])
    expect(remembered()).not.toContain(PLANTED)
    expect(document.body.innerHTML).not.toContain(PLANTED)
  })

  it('are kept when their field stays empty, and say when a value is missing', async () => {
    const { user, backend, address } = await edit()
    expect(await screen.findByLabelText('Value of secret 1')).toHaveAttribute('placeholder', KEPT)
    expect(field('Value of secret 2')).not.toHaveAttribute('placeholder', KEPT)
    expect(field('Value of secret 2')).toHaveAccessibleDescription(/is not in the keyring/)
    expect(field('Value of secret 1')).not.toHaveAccessibleDescription(/is not in the keyring/)
    await expectAccessible()
    await press(user, 'Save')
    await waitFor(() => expect(address()).toBe('/environments/environment-private-packages'))
    expect(backend.requests('keep_build_secret')).toEqual([])
  })

  it('that were renamed need their value anew', async () => {
    const { user } = await edit()
    await put(user, await screen.findByLabelText('Id of secret 1'), 'other')
    expect(field('Value of secret 1')).not.toHaveAttribute('placeholder', KEPT)
  })

  it('begin at the value that the address asks for', async () => {
    await edit('?secret=npm-token')
    await waitFor(() => expect(field('Value of secret 2')).toHaveFocus())
  })

  it('tell problems at their row', async () => {
    const { user, backend } = await edit()
    await put(user, await screen.findByLabelText('Id of secret 2'), 'pip')
    await press(user, 'Save')
    expect(await screen.findByText('pip is given twice.')).toBeVisible()
    await waitFor(() => expect(field('Id of secret 2')).toHaveFocus())
    expect(field('Id of secret 2')).toHaveAccessibleDescription('pip is given twice.')
    expect(backend.requests('save_environment')).toEqual([])
  })

  it('that are removed take what was typed with them', async () => {
    const { user, backend, address } = await edit()
    await put(user, await screen.findByLabelText('Value of secret 2'), PLANTED)
    await press(user, 'Remove secret 2')
    await press(user, 'Add secret')
    expect(field('Value of secret 2')).toHaveValue('')
    await put(user, field('Id of secret 2'), 'new')
    await press(user, 'Save')
    await waitFor(() => expect(address()).toBe('/environments/environment-private-packages'))
    expect(holding(backend)).toEqual([])
  })

  it('that could not be kept are told after the rest is saved, and can be tried again', async () => {
    const tries: string[] = []
    let isLocked = true
    const { user, backend, address } = await openAt('/environments/add', {
      answers: {
        keep_build_secret: ({ secret }) => {
          tries.push(secret)
          if (secret === 'second' && isLocked) throw locked
          return {}
        },
      },
    })
    await put(user, await screen.findByRole('textbox', { name: 'Name' }), 'own')
    await user.click(screen.getByRole('radio', { name: 'Build context' }))
    await put(user, field('Folder'), '/home/anna/image_build')
    for (const [at, id] of ['first', 'second', 'third'].entries()) {
      await press(user, 'Add secret')
      await put(user, field(`Id of secret ${at + 1}`), id)
      await put(user, field(`Value of secret ${at + 1}`), `${PLANTED}-${id}`)
    }
    await press(user, 'Save')
    const told =
      /^The environment is saved, but the values of second, third are not in the keyring\. Try again, or enter them/
    expect(await screen.findByText(told)).toBeVisible()
    expect(screen.getByText('The keyring is locked.')).toBeVisible()
    expect(address()).toBe('/environments/add')
    expect(field('Value of secret 1')).toHaveValue('')
    expect(field('Value of secret 1')).toHaveAttribute('placeholder', KEPT)
    expect(field('Value of secret 2')).toHaveValue(`${PLANTED}-second`)
    await expectAccessible()
    isLocked = false
    await press(user, 'Try again')
    await waitFor(() => expect(address()).toBe('/environments/environment-own'))
    expect(tries).toEqual(['first', 'second', 'second', 'third'])
    // The second time it is the same environment.
    expect(backend.requests('save_environment').map(({ environment }) => environment)).toEqual([
      null,
      'environment-own',
    ])
  })
})

describe('the login for the package index', () => {
  it('has its user name in the definition and its password in the keyring', async () => {
    const { user, backend, address, remembered } = await openAt('/environments/add')
    await put(user, await screen.findByRole('textbox', { name: 'Name' }), 'private')
    await press(user, 'More')
    expect(field('User name')).toHaveAccessibleDescription(/the public index needs none/)
    await put(user, field('Index URL'), 'https://index.example/simple')
    await put(user, field('Password or token'), PLANTED)
    expect(field('Password or token')).toHaveAttribute('type', 'password')
    await press(user, 'Save')
    expect(await screen.findByText(/Give the user name that the password/)).toBeVisible()
    await waitFor(() => expect(field('User name')).toHaveFocus())
    expect(backend.requests('save_environment')).toEqual([])
    await put(user, field('User name'), 'ann')
    await expectAccessible()
    await press(user, 'Save')
    await waitFor(() => expect(address()).toBe('/environments/environment-private'))
    expect(backend.requests('save_environment')[0]?.form.source).toMatchObject({
      index: { url: 'https://index.example/simple', username: 'ann' },
    })
    expect(backend.requests('keep_build_secret')).toEqual([
      { environment: 'environment-private', secret: 'index', value: PLANTED },
    ])
    expect(holding(backend)).toEqual(['keep_build_secret'])
    expect(remembered()).not.toContain(PLANTED)
  })

  it('needs an index that asks for it', async () => {
    const { user } = await openAt('/environments/add')
    await put(user, await screen.findByRole('textbox', { name: 'Name' }), 'private')
    await press(user, 'More')
    await put(user, field('User name'), 'ann')
    expect(await screen.findByText('The public index needs no login.')).toBeVisible()
  })

  it('is opened from the address, and tells at its field what is wrong with the password', async () => {
    const { user, backend, address } = await openAt(
      '/environments/environment-with-login/edit?secret=index',
      {
        environments: [withLogin()],
        answers: {
          keep_build_secret: ({ value }) => {
            if (!value.includes(' ')) return {}
            const sentence = 'pip reads no password that has a space in it.'
            throw problem({ code: 'invalidInput', field: 'value', sentence })
          },
        },
      },
    )
    const password = await screen.findByLabelText('Password or token')
    await waitFor(() => expect(password).toHaveFocus())
    expect(password).toHaveAttribute('placeholder', KEPT)
    await put(user, password, 'two words')
    await press(user, 'Save')
    expect(
      await screen.findByText(/^The environment is saved, but the password .* Change it/),
    ).toBeVisible()
    expect(password).toHaveAccessibleDescription(/pip reads no password that has a space/)
    await waitFor(() => expect(password).toHaveFocus())
    await put(user, password, PLANTED)
    expect(screen.queryByText(/pip reads no password/)).toBeNull()
    await press(user, 'Save')
    await waitFor(() => expect(address()).toBe('/environments/environment-with-login'))
    expect(backend.requests('keep_build_secret').map(({ value }) => value)).toEqual([
      'two words',
      PLANTED,
    ])
  })
})
