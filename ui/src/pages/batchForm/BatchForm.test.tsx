import { act, screen, waitFor, within } from '@testing-library/react'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { dropOnWindow } from '../../backend/fakeIpc'
import * as batches from '../../testing/batchFixtures'
import { manyRuntimes, problem } from '../../testing/fixtures'
import * as flows from '../../testing/flowFixtures'
import { expectAccessible, type Opened, openAt } from '../../testing/render'
import { drafts } from '../flow/draft'

const { ref } = batches

const openForm = (query = '', world: Parameters<typeof openAt>[1] = {}, flow = flows.ANSWERS) =>
  openAt(`/flows/${encodeURIComponent(flow)}/batch${query}`, {
    runtimes: manyRuntimes().slice(0, 4),
    ...world,
  })

const fileField = () => screen.findByRole('textbox', { name: 'File of rows' })
const source = (input: string) => screen.findByRole('combobox', { name: `Source of ${input}` })

/** The start, once it was looked at what is typed. */
const start = async () => {
  const button = await screen.findByRole('button', { name: 'Start' })
  await waitFor(() => expect(button).not.toHaveAttribute('aria-disabled', 'true'))
  return button
}

const typeFile = async ({ user }: Opened, file = batches.FILE) => {
  const field = await fileField()
  await user.clear(field)
  await user.click(field)
  await user.paste(file)
}

afterEach(() => drafts.clear())

describe('the form of a batch run', () => {
  it('is come to from the page of a flow', async () => {
    const { user, address } = await openAt(`/flows/${encodeURIComponent(flows.ANSWERS)}`)
    await user.click(await screen.findByRole('button', { name: 'Batch run' }))
    expect(address()).toBe(`/flows/${encodeURIComponent(flows.ANSWERS)}/batch`)
    expect(await screen.findByRole('heading', { name: 'New batch run of answers' })).toBeVisible()
  })

  it('reads the file, proposes where inputs come from, shows the first rows, and starts', async () => {
    const opened = await openForm()
    const { user, backend, address } = opened
    await typeFile(opened)
    expect(await screen.findByText(/JSON Lines · 410 KB · 1,000 rows · 4 columns/)).toBeVisible()
    await waitFor(async () => expect(await source('question')).toHaveValue(ref('data.question')))
    expect(await source('count')).toHaveValue(ref('data.count'))
    expect(await source('deep')).toHaveValue('')
    const preview = within(await screen.findByRole('table', { name: 'First rows' }))
    expect(preview.getByText('How do I roll back a runtime?')).toBeVisible()
    expect(preview.getByText(/Row 3 \(line 3\): "count" has to be a whole number/)).toBeVisible()
    expect(screen.getByText('On my-runtime it begins after “answers 3”.')).toBeVisible()
    expect(await source('languages')).toHaveAccessibleDescription(/gets no value/)
    await expectAccessible()
    await user.type(await source('languages'), '[[]')
    await user.type(screen.getByRole('textbox', { name: 'Name' }), 'nightly')
    await user.click(await start())
    await waitFor(() => expect(address()).toBe('/flows/batches/batch-started-5'))
    expect(backend.requests('start_batch')).toEqual([
      {
        flow: flows.ANSWERS,
        name: 'nightly',
        runtimes: [batches.MY_RUNTIME],
        file: batches.FILE,
        mapping: {
          question: ref('data.question'),
          count: ref('data.count'),
          filters: ref('data.filters'),
          languages: '[]',
        },
        other: null,
        variants: {},
        connections: [],
        init: {},
        settings: { workers: 2, retries: 0, stopAfter: null, rowLimit: null },
      },
    ])
  })

  it('shows no row of a file by sources that it proposed only just now', async () => {
    const nothing = { row: 0, line: 1, input: 'question', sentence: 'Row 1 gets no value.' }
    const opened = await openForm('', {
      answers: {
        preview_batch: ({ draft }) => {
          const told = batches.batchPreview(draft, flows.answersFlow(), [])
          if (Object.keys(draft.mapping).length > 0) return told
          return { ...told, rows: told.rows.map((row) => ({ ...row, problems: [nothing] })) }
        },
      },
    })
    const seen = vi.fn()
    const looking = new MutationObserver(() => {
      if (screen.queryAllByText(/gets no value\./).length > 0) seen()
    })
    looking.observe(document.body, { childList: true, subtree: true })
    await typeFile(opened)
    expect(await screen.findByRole('table', { name: 'First rows' })).toBeVisible()
    looking.disconnect()
    expect(seen).not.toHaveBeenCalled()
  })

  it('blames nobody for what is still empty, until a start is tried', async () => {
    const { user, backend } = await openForm()
    const button = await start()
    expect(await fileField()).not.toHaveAccessibleDescription(/is needed/)
    await user.click(button)
    expect(await fileField()).toHaveAccessibleDescription(/A file of rows is needed/)
    expect(await fileField()).toHaveFocus()
    expect(screen.getByText(/things have to be changed first/)).toBeVisible()
    expect(backend.requests('start_batch')).toEqual([])
    await expectAccessible()
  })

  it('keeps what the person wrote when the file changes, and gives the proposal back', async () => {
    const opened = await openForm()
    const { user } = opened
    await typeFile(opened)
    const question = await source('question')
    await waitFor(() => expect(question).toHaveValue(ref('data.question')))
    await user.click(question)
    await user.click(await screen.findByRole('option', { name: ref('data.expected') }))
    expect(question).toHaveValue(ref('data.expected'))
    await typeFile(opened, '/home/anna/data/other-questions.csv')
    await start()
    expect(await source('question')).toHaveValue(ref('data.expected'))
    const back = screen.getByRole('button', { name: 'Take the proposed source of question' })
    await user.click(back)
    expect(await source('question')).toHaveValue(ref('data.question'))
  })

  it('takes keys alone to choose a source', async () => {
    const opened = await openForm()
    const { user } = opened
    await typeFile(opened)
    const languages = await source('languages')
    await waitFor(async () => expect(await source('question')).toHaveValue(ref('data.question')))
    await user.type(languages, 'exp')
    expect(screen.getAllByRole('option')).toHaveLength(1)
    // Who goes on keeps what was typed.
    await user.tab()
    expect(languages).toHaveValue('exp')
    await user.clear(languages)
    await user.type(languages, 'exp')
    await user.keyboard('{ArrowDown}{Enter}')
    expect(languages).toHaveValue(ref('data.expected'))
  })

  it('takes a file that is dropped on the window, and says what is wrong with one', async () => {
    const { user } = await openForm()
    await fileField()
    await act(() => dropOnWindow(['/home/anna/nothing.csv']))
    expect(await fileField()).toHaveValue('/home/anna/nothing.csv')
    await waitFor(async () =>
      expect(await fileField()).toHaveAccessibleDescription(/There is no file/),
    )
    // What is typed now is not what was wrong.
    await user.type(await fileField(), '2')
    expect(await fileField()).not.toHaveAccessibleDescription(/There is no file/)
  })

  it('takes a file that is chosen in the dialog of the system, and says when there is none', async () => {
    const answers = [
      () => '/home/anna/rows.csv',
      () => {
        throw 'no dialog here'
      },
    ]
    const { user, backend } = await openForm('', {
      plugins: { 'plugin:dialog|open': () => answers.pop()?.() },
    })
    await fileField()
    const choose = screen.getByRole('button', { name: 'Choose a file' })
    await user.click(choose)
    expect(await screen.findByText(/could not do this/)).toBeVisible()
    await user.click(choose)
    await waitFor(async () => expect(await fileField()).toHaveValue('/home/anna/rows.csv'))
    const asked = backend.calls.filter(({ command }) => command === 'plugin:dialog|open')
    const filters = [
      { name: 'Rows: JSON Lines, CSV, TSV', extensions: ['jsonl', 'ndjson', 'csv', 'tsv'] },
    ]
    expect(asked.at(-1)?.request).toMatchObject({ options: { directory: false, filters } })
  })

  it('takes several runtimes, and numbers that are whole', async () => {
    const opened = await openForm('', { runtimes: manyRuntimes() })
    const { user, backend } = opened
    await user.click(await screen.findByRole('combobox', { name: 'Runtimes' }))
    const usable = manyRuntimes().filter(({ status }) => status === 'Available')
    const second = usable.find(({ id }) => id !== batches.MY_RUNTIME)
    await user.click(
      await screen.findByRole('menuitemcheckbox', { name: new RegExp(second?.name ?? '') }),
    )
    await user.keyboard('{Escape}')
    const retries = screen.getByRole('textbox', { name: 'Retries' })
    await user.clear(retries)
    await user.type(retries, 'x')
    expect(retries).toHaveAccessibleDescription(/A whole number is needed/)
    await user.clear(retries)
    await user.type(retries, '3')
    await user.type(screen.getByRole('textbox', { name: 'Rows at the same time' }), '8')
    await user.type(screen.getByRole('textbox', { name: 'Stop after failed rows' }), '20')
    await user.type(screen.getByRole('textbox', { name: /^Time limit for each row/ }), '60')
    await start()
    const asked = backend.requests('preview_batch').at(-1)?.draft
    expect(asked?.runtimes).toEqual([batches.MY_RUNTIME, second?.id])
    expect(asked?.settings).toEqual({ workers: 8, retries: 3, stopAfter: 20, rowLimit: 60 })
  })

  it('takes values of another batch run', async () => {
    const { user, backend } = await openForm('?other=batch-completed', {}, flows.CHAT)
    const other = await screen.findByRole('combobox', { name: 'Take values from a batch run' })
    await waitFor(() => expect(other).toHaveValue('answers 2'))
    // Its file is meant where none is named.
    await waitFor(async () => expect(await source('question')).toHaveValue(ref('data.question')))
    await user.click(await source('chat_history'))
    expect(await screen.findByRole('option', { name: ref('run.outputs.answer') })).toBeVisible()
    expect(screen.getByRole('option', { name: ref('run.inputs.question') })).toBeVisible()
    await user.keyboard('{Escape}')
    await user.click(await start())
    await waitFor(() => expect(backend.requests('start_batch')).toHaveLength(1))
    expect(backend.requests('start_batch')[0]).toMatchObject({ other: 'batch-completed', file: '' })
  })

  it('begins as an earlier one', async () => {
    const { backend } = await openForm('?from=batch-failed')
    expect(await fileField()).toHaveValue(batches.FILE)
    expect(screen.getByRole('textbox', { name: 'Stop after failed rows' })).toHaveValue('10')
    expect(await source('question')).toHaveValue(ref('data.question'))
    await start()
    expect(backend.requests('preview_batch')[0]?.draft).toMatchObject({
      runtimes: [batches.MY_RUNTIME],
      settings: { workers: 4, retries: 0, stopAfter: 10, rowLimit: null },
    })
  })

  it('begins with all that an earlier one was begun with', async () => {
    const earlier = batches.batchDetail(batches.batch())
    const connections = [{ node: 'answer', input: 'connection', connection: 'other_openai' }]
    const draft = earlier.draft && { ...earlier.draft, connections, init: { end: '!' } }
    const view = { ...flows.answersFlow(), init: flows.flexFlow().init }
    const [own] = view.init
    if (!own) throw new Error('no constructor')
    const { backend, user } = await openForm('?from=batch-completed', {
      flows: [view],
      answers: {
        batch: () => ({ ...earlier, draft: draft && { ...draft, init: { [own.name]: '7' } } }),
      },
    })
    const field = await screen.findByRole('combobox', { name: 'Connection of answer' })
    expect(field).toHaveTextContent('other_openai')
    expect(screen.getByRole('textbox', { name: own.name })).toHaveValue('7')
    await start()
    expect(backend.requests('preview_batch').at(-1)?.draft).toMatchObject({
      connections,
      init: { [own.name]: '7' },
    })
    // And another one can be chosen.
    await user.click(field)
    const [first] = await screen.findAllByRole('option')
    if (!first) throw new Error('no connection')
    await user.click(first)
    await waitFor(() =>
      expect(backend.requests('preview_batch').at(-1)?.draft.connections).not.toEqual(connections),
    )
  })

  it('says when the earlier one is gone, and that none can be looked at', async () => {
    await openForm('?from=gone', {
      answers: {
        preview_batch: () => {
          throw problem({ code: 'internal', sentence: 'It cannot be looked at.', retry: true })
        },
      },
    })
    expect(await screen.findByText(/is not kept any more/)).toBeVisible()
    const bar = await screen.findByRole('group', {
      name: 'It could not be looked at what would run',
    })
    expect(bar).toHaveTextContent('It cannot be looked at.')
  })

  it('says why it was not started, at the field that it is about', async () => {
    const opened = await openForm('', {
      answers: {
        start_batch: () => {
          throw problem({ code: 'invalidInput', field: 'file', sentence: 'The file has changed.' })
        },
      },
    })
    const { user } = opened
    await typeFile(opened)
    await user.type(await source('languages'), '[[]')
    await user.click(await start())
    await waitFor(async () =>
      expect(await fileField()).toHaveAccessibleDescription(/The file has changed/),
    )
  })

  it('asks a flex flow for what its class takes', async () => {
    const opened = await openForm('', {}, flows.FLEX)
    await typeFile(opened)
    const words = await screen.findByRole('textbox', { name: 'words' })
    expect(words).toHaveValue('80')
    await opened.user.clear(words)
    await opened.user.type(words, '120')
    await start()
    expect(opened.backend.requests('preview_batch').at(-1)?.draft.init).toEqual({ words: '120' })
  })

  it('takes the variants that were chosen on the page of the flow', async () => {
    const { backend, user } = await openForm()
    await user.click(await screen.findByRole('combobox', { name: 'Variant of answer' }))
    const options = await screen.findAllByRole('option')
    await user.click(options[1] as HTMLElement)
    await start()
    expect(Object.keys(backend.requests('preview_batch').at(-1)?.draft.variants ?? {})).toEqual([
      'answer',
    ])
  })

  it('says that there is no runtime', async () => {
    await openForm('', { runtimes: [] })
    expect(await screen.findByText('There is no runtime to run it on.')).toBeVisible()
    expect(screen.getByRole('link', { name: 'Add runtime' })).toBeVisible()
  })

  it('of a flow that is gone says so', async () => {
    await openForm('', {}, '/gone/flow.dag.yaml')
    expect(await screen.findByText('This flow is not there any more.')).toBeVisible()
  })
})
