import { screen, waitFor, within } from '@testing-library/react'
import type { UserEvent } from '@testing-library/user-event'
import { describe, expect, it } from 'vitest'
import type { ConnectionTest, TestVerdict } from '../../backend/types'
import { connection, manyConnections } from '../../testing/connectionFixtures'
import { problem } from '../../testing/fixtures'
import { expectAccessible, openAt } from '../../testing/render'
import { fitting } from './connectionForm'

const PLANTED = 'planted-api-key-4471'

const rowOf = async (name: string) =>
  (await screen.findByRole('rowheader', { name })).closest('tr') as HTMLElement

const put = async (user: UserEvent, control: HTMLElement, text: string) => {
  await user.clear(control)
  await user.click(control)
  await user.paste(text)
}

const test = (verdict: TestVerdict, sentence: string): ConnectionTest => ({
  verdict,
  sentence,
  hints: [`Hint for ${verdict}.`],
  details: `Status for ${verdict}`,
})

const openAdd = async (user: UserEvent) => {
  await user.click(await screen.findByRole('button', { name: 'Add connection' }))
  return within(await screen.findByRole('dialog', { name: 'Add connection' }))
}

describe('a connection that a flow lacks', () => {
  it('is added with the name and the type that the address tells', async () => {
    const { user, address } = await openAt('/connections?add=team_openai&type=openAi')
    const dialog = within(await screen.findByRole('dialog', { name: 'Add connection' }))
    expect(dialog.getByRole('textbox', { name: 'Name' })).toHaveValue('team_openai')
    expect(dialog.getByRole('combobox', { name: 'Type' })).toHaveTextContent(/^OpenAI$/)
    expect(dialog.queryByRole('textbox', { name: 'API base' })).toBeNull()
    await user.click(dialog.getByRole('button', { name: 'Cancel' }))
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect(address()).toBe('/connections')
  })

  it('has the usual type when the address tells none that there is', async () => {
    await openAt('/connections?add=mine&type=whatever')
    const dialog = within(await screen.findByRole('dialog', { name: 'Add connection' }))
    expect(dialog.getByRole('textbox', { name: 'Name' })).toHaveValue('mine')
    expect(dialog.getByRole('combobox', { name: 'Type' })).toHaveTextContent('Azure OpenAI')
  })
})

describe('the list of connections', () => {
  it('says in a narrow window under the name what a connection is', async () => {
    const wide = window.matchMedia
    window.matchMedia = (media) => ({ ...wide(media), matches: media === '(max-width: 1129px)' })
    try {
      await openAt('/connections')
      const table = within(await screen.findByRole('table', { name: 'Flow connections' }))
      expect(table.getAllByRole('columnheader').map(({ textContent }) => textContent)).toEqual([
        'Name',
        'Secret',
        'Actions',
      ])
      expect(table.getByText('Azure OpenAI · https://rag-aoai.openai.azure.com/')).toBeVisible()
      await expectAccessible()
    } finally {
      window.matchMedia = wide
    }
  })

  it('tells type, endpoint and where the secret is, and is searched', async () => {
    const { user } = await openAt('/connections')
    const row = await rowOf('rag-aoai')
    expect(row).toHaveTextContent('Azure OpenAI')
    expect(row).toHaveTextContent('https://rag-aoai.openai.azure.com/')
    expect(row).toHaveTextContent('In the keyring')
    expect(await rowOf('team_search')).toHaveTextContent('Secret not readable')
    expect(await rowOf('open_ai_connection')).toHaveTextContent('For this run only')
    await expectAccessible()
    const search = screen.getByRole('searchbox', { name: 'Search connections' })
    await put(user, search, 'azure team')
    expect(screen.queryByRole('rowheader', { name: 'rag-aoai' })).toBeNull()
    expect(screen.getByRole('rowheader', { name: 'team_search' })).toBeVisible()
    await put(user, search, 'nothing')
    expect(await screen.findByText('No connection fits "nothing".')).toBeVisible()
  })

  it('finds by name, type in words and endpoint', () => {
    const names = (search: string) =>
      fitting(manyConnections(), search, (type) => (type === 'openAi' ? 'OpenAI' : type)).map(
        (one) => one.connection.name,
      )
    expect(names('')).toHaveLength(4)
    expect(names('SEARCH.windows')).toEqual(['team_search'])
    expect(names('openai')).toEqual(['open_ai_connection', 'rag-aoai'])
    expect(names('openai rag')).toEqual(['rag-aoai'])
  })

  it('says what they are for while there is none', async () => {
    const { user } = await openAt('/connections', { connections: [] })
    expect(await screen.findByText('No connection yet')).toBeVisible()
    await expectAccessible()
    const [, inPlace] = screen.getAllByRole('button', { name: 'Add connection' })
    await user.click(inPlace as HTMLElement)
    expect(await screen.findByRole('dialog', { name: 'Add connection' })).toBeVisible()
  })

  it('that cannot be read says so', async () => {
    await openAt('/connections', {
      answers: {
        list_connections: () => {
          throw problem({ code: 'storage', sentence: 'The data cannot be read.', retry: true })
        },
      },
    })
    expect(await screen.findByText('The data cannot be read.')).toBeVisible()
  })
})

describe('the test of a connection', () => {
  it.each([
    ['accepted', 'Accepted'],
    ['notAuthorised', 'Not authorised'],
    ['notFound', 'Not found'],
    ['throttled', 'Asked to wait'],
    ['unreachable', 'Unreachable'],
    ['somethingElse', 'Not the answer of such a service'],
    ['notTestable', 'Cannot be tested'],
  ] as const)('%s is told in words with what to do', async (verdict, word) => {
    const { user, backend } = await openAt('/connections', {
      answers: { test_connection: () => test(verdict, `It is ${verdict}.`) },
    })
    await user.click(await screen.findByRole('button', { name: 'Test the connection rag-aoai' }))
    expect(await screen.findByText(word)).toBeVisible()
    expect(screen.getByText(`It is ${verdict}.`)).toBeVisible()
    expect(screen.getByText(`Hint for ${verdict}.`)).toBeVisible()
    expect(screen.queryByText(`Status for ${verdict}`)).toBeNull()
    await user.click(screen.getByRole('button', { name: 'Answer' }))
    expect(screen.getByText(`Status for ${verdict}`)).toBeVisible()
    expect(backend.requests('test_connection')).toEqual([
      { original: 'rag-aoai', draft: null, secrets: {}, file: null },
    ])
    if (verdict === 'unreachable') await expectAccessible()
  })

  it('that needs a secret which cannot be read says so', async () => {
    const { user } = await openAt('/connections', {
      answers: {
        test_connection: () => {
          throw problem({ code: 'keyring', sentence: 'The keyring is locked.', retry: true })
        },
      },
    })
    await user.click(await screen.findByRole('button', { name: 'Test the connection rag-aoai' }))
    expect(await screen.findByText('The keyring is locked.')).toBeVisible()
  })
})

describe('a connection', () => {
  it('is added with a key that is masked, tested, and never in the page again', async () => {
    const { user, backend } = await openAt('/connections')
    const dialog = await openAdd(user)
    await user.click(dialog.getByRole('button', { name: 'Save' }))
    expect(await dialog.findByText('Give the connection a name.')).toBeVisible()
    expect(dialog.getByText('Give the key.')).toBeVisible()
    expect(dialog.getByRole('textbox', { name: 'Name' })).toHaveFocus()
    expect(dialog.getByText('A field needs a change before this can be saved.')).toBeVisible()
    expect(backend.requests('save_connection')).toEqual([])
    await put(user, dialog.getByRole('textbox', { name: 'Name' }), 'my_aoai')
    await put(user, dialog.getByRole('textbox', { name: 'API base' }), 'https://x.example/')
    const key = dialog.getByLabelText('API key')
    expect(key).toHaveAttribute('type', 'password')
    await put(user, key, PLANTED)
    await user.click(dialog.getByRole('button', { name: 'Test' }))
    expect(await dialog.findByText('Accepted')).toBeVisible()
    await expectAccessible()
    await user.click(dialog.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    const draft = {
      name: 'my_aoai',
      type: 'azureOpenAi',
      fields: { api_base: 'https://x.example/', api_type: '', api_version: '' },
      pairs: [],
      given: ['api_key'],
    }
    const sent = { original: null, draft, secrets: { api_key: PLANTED }, file: null }
    expect(backend.requests('test_connection')).toEqual([sent])
    expect(backend.requests('save_connection')).toEqual([sent])
    expect(await rowOf('my_aoai')).toBeVisible()
    // What is asked as one types holds no secret.
    const asked = JSON.stringify(backend.requests('check_connection'))
    expect(asked).toContain('api_key')
    expect(asked).not.toContain(PLANTED)
    expect((await openAdd(user)).getByLabelText('API key')).toHaveValue('')
    expect(document.body.innerHTML).not.toContain(PLANTED)
  })

  it('is told as one types what is wrong with a touched field only', async () => {
    const { user } = await openAt('/connections')
    const dialog = await openAdd(user)
    await put(user, dialog.getByRole('textbox', { name: 'API base' }), 'x')
    expect(
      await dialog.findByText('The address begins with https:// and names a host.'),
    ).toBeVisible()
    expect(dialog.queryByText('Give the connection a name.')).toBeNull()
  })

  it('has the fields of its type', async () => {
    const { user, backend } = await openAt('/connections')
    const dialog = await openAdd(user)
    await user.click(dialog.getByRole('combobox', { name: 'Type' }))
    await user.click(await screen.findByRole('option', { name: 'SerpApi' }))
    expect(dialog.queryByRole('textbox', { name: 'API base' })).toBeNull()
    await put(user, dialog.getByRole('textbox', { name: 'Name' }), 'serp')
    await put(user, dialog.getByLabelText('API key'), 'k')
    await user.click(dialog.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(backend.requests('save_connection')).toHaveLength(1))
    expect(backend.requests('save_connection')[0]?.draft).toMatchObject({
      type: 'serp',
      fields: {},
    })
  })

  it('that is custom has pairs, some of them secret, and no test', async () => {
    const { user, backend } = await openAt('/connections')
    const dialog = await openAdd(user)
    await user.click(dialog.getByRole('combobox', { name: 'Type' }))
    await user.click(await screen.findByRole('option', { name: 'Custom' }))
    expect(dialog.queryByRole('button', { name: 'Test' })).toBeNull()
    await put(user, dialog.getByRole('textbox', { name: 'Name' }), 'mine')
    await put(user, dialog.getByRole('textbox', { name: 'Key 1' }), 'token')
    await user.click(dialog.getByRole('button', { name: 'Save' }))
    expect(await dialog.findByText('Give the secret.')).toBeVisible()
    expect(dialog.getByLabelText('Value 1')).toHaveFocus()
    await put(user, dialog.getByLabelText('Value 1'), PLANTED)
    await user.click(dialog.getByRole('button', { name: 'Add value' }))
    await waitFor(() =>
      expect(backend.requests('check_connection').at(-1)?.draft.pairs).toHaveLength(2),
    )
    expect(dialog.queryByText('Give the key of this value.')).toBeNull()
    await put(user, dialog.getByRole('textbox', { name: 'Key 2' }), 'url')
    await put(user, dialog.getByLabelText('Value 2'), 'https://c.example')
    expect(dialog.getByLabelText('Value 1')).toHaveAttribute('type', 'password')
    expect(dialog.getByLabelText('Value 2')).toHaveAttribute('type', 'text')
    await expectAccessible()
    await user.click(dialog.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(backend.requests('save_connection')).toHaveLength(1))
    expect(backend.requests('save_connection')[0]).toMatchObject({
      draft: {
        pairs: [
          { key: 'token', value: '', secret: true },
          { key: 'url', value: 'https://c.example', secret: false },
        ],
        given: ['token'],
      },
      secrets: { token: PLANTED },
    })
  })

  it('forgets a typed secret that is made visible', async () => {
    const { user } = await openAt('/connections')
    const dialog = await openAdd(user)
    await user.click(dialog.getByRole('combobox', { name: 'Type' }))
    await user.click(await screen.findByRole('option', { name: 'Custom' }))
    await put(user, dialog.getByLabelText('Value 1'), PLANTED)
    await user.click(dialog.getByRole('checkbox', { name: 'Value 1 is secret' }))
    expect(dialog.getByLabelText('Value 1')).toHaveValue('')
  })

  it('that is edited keeps its secret unless another is given', async () => {
    const { user, backend } = await openAt('/connections', {
      connections: [connection('rag-aoai'), connection('lost', {}, 'missing')],
    })
    await user.click(await screen.findByRole('button', { name: 'Edit the connection rag-aoai' }))
    const dialog = within(await screen.findByRole('dialog', { name: 'Edit connection' }))
    expect(dialog.getByLabelText('API key')).toHaveValue('')
    expect(dialog.getByText('Kept. Leave it empty to keep it as it is.')).toBeVisible()
    expect(dialog.getByRole('combobox', { name: 'Type' })).toBeDisabled()
    await put(user, dialog.getByRole('textbox', { name: 'Name' }), 'renamed')
    await user.click(dialog.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(backend.requests('save_connection')).toHaveLength(1))
    expect(backend.requests('save_connection')[0]).toMatchObject({
      original: 'rag-aoai',
      draft: { name: 'renamed', given: [] },
      secrets: {},
    })
    await user.click(await screen.findByRole('button', { name: 'Edit the connection lost' }))
    expect(await screen.findByText(/does not hold it any more/)).toBeVisible()
  })

  it('keeps what was typed when saving refuses a field, or everything', async () => {
    const { user, backend } = await openAt('/connections', {
      answers: {
        save_connection: () => {
          throw problem({ code: 'invalidInput', field: 'api_key', sentence: 'No spaces.' })
        },
      },
    })
    await user.click(await screen.findByRole('button', { name: 'Edit the connection rag-aoai' }))
    const dialog = within(await screen.findByRole('dialog'))
    await put(user, dialog.getByLabelText('API key'), 'a b')
    await user.click(dialog.getByRole('button', { name: 'Save' }))
    expect(await dialog.findByText('No spaces.')).toBeVisible()
    expect(dialog.getByLabelText('API key')).toHaveFocus()
    backend.world.answers.save_connection = () => {
      throw problem({ code: 'keyring', sentence: 'The keyring is locked.' })
    }
    await put(user, dialog.getByLabelText('API key'), 'ab')
    expect(dialog.queryByText('No spaces.')).toBeNull()
    await user.click(dialog.getByRole('button', { name: 'Save' }))
    expect(await dialog.findByText('The keyring is locked.')).toBeVisible()
    expect(dialog.getByLabelText('API key')).toHaveValue('ab')
  })

  it('is exported without its secrets to a file that is told', async () => {
    const { user, backend } = await openAt('/connections')
    await user.click(await screen.findByRole('button', { name: 'Export the connection tickets' }))
    expect(await screen.findByText('/home/anna/Downloads/tickets.yml')).toBeVisible()
    expect(backend.requests('export_connection')).toEqual([{ name: 'tickets' }])
  })

  it('is deleted only after the consequence was said', async () => {
    const { user, backend } = await openAt('/connections')
    await user.click(await screen.findByRole('button', { name: 'Delete the connection tickets' }))
    const dialog = within(await screen.findByRole('alertdialog'))
    expect(dialog.getByText(/Flows that name tickets cannot run/)).toBeVisible()
    expect(backend.requests('delete_connection')).toEqual([])
    await user.click(dialog.getByRole('button', { name: 'Delete connection' }))
    expect(backend.requests('delete_connection')).toEqual([{ name: 'tickets' }])
    backend.tell({ kind: 'connections' })
    await waitFor(() => expect(screen.queryByRole('rowheader', { name: 'tickets' })).toBeNull())
  })
})

describe('a file', () => {
  it('of variables asks what they are, and brings its secrets without showing them', async () => {
    const { user, backend } = await openAt('/connections')
    await user.click(await screen.findByRole('button', { name: 'Import' }))
    const dialog = within(await screen.findByRole('dialog', { name: 'Import connection' }))
    await user.click(dialog.getByRole('textbox', { name: 'File' }))
    await user.paste('/home/anna/flow/.env')
    await user.keyboard('{Enter}')
    await user.click(await dialog.findByRole('radio', { name: 'Custom (1 secret found)' }))
    await expectAccessible()
    await user.click(dialog.getByRole('button', { name: 'Continue' }))
    expect(await screen.findByText('The file leaves this open: DB_PASSWORD.')).toBeVisible()
    const form = within(screen.getByRole('dialog', { name: 'Import connection' }))
    expect(form.getByText('Taken from the file. Leave it empty to use that.')).toBeVisible()
    expect(form.getByLabelText('Value 2')).toHaveValue('here')
    await user.click(form.getByRole('button', { name: 'Save' }))
    expect(await form.findByText('Give the secret.')).toBeVisible()
    await put(user, form.getByLabelText('Value 3'), 'typed')
    await user.click(form.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(backend.requests('save_connection')).toHaveLength(1))
    expect(backend.requests('save_connection')[0]).toMatchObject({
      draft: { type: 'custom', given: ['DB_PASSWORD', 'OPENAI_API_KEY'] },
      secrets: { DB_PASSWORD: 'typed' },
      file: { path: '/home/anna/flow/.env', type: 'custom' },
    })
  })

  it('that holds one connection leads to its form at once', async () => {
    const { user } = await openAt('/connections', {
      answers: {
        read_connection_file: ({ path }) => ({
          path,
          found: [
            {
              draft: {
                name: 'my_aoai',
                type: 'azureOpenAi',
                fields: { api_base: 'https://x.example/' },
                pairs: [],
                given: [],
              },
              missing: ['api_key'],
              leftOut: ['"resource_id" is nothing that this type has.'],
            },
          ],
        }),
      },
    })
    await user.click(await screen.findByRole('button', { name: 'Import' }))
    await user.click(screen.getByRole('textbox', { name: 'File' }))
    await user.paste('/a.yml')
    await user.click(screen.getByRole('button', { name: 'Read file' }))
    expect(await screen.findByText('The file leaves this open: API key.')).toBeVisible()
    expect(screen.getByText('"resource_id" is nothing that this type has.')).toBeVisible()
    expect(screen.getByRole('textbox', { name: 'Name' })).toHaveValue('my_aoai')
    await expectAccessible()
  })

  it('that cannot be read says why under its field', async () => {
    const { user } = await openAt('/connections', {
      answers: {
        read_connection_file: () => {
          throw problem({ code: 'invalidInput', field: 'path', sentence: 'It is no file.' })
        },
      },
    })
    await user.click(await screen.findByRole('button', { name: 'Import' }))
    await user.click(screen.getByRole('button', { name: 'Read file' }))
    expect(await screen.findByText('It is no file.')).toBeVisible()
  })
})
