import { act, screen, waitFor, within } from '@testing-library/react'
import { afterEach, describe, expect, it } from 'vitest'
import type { FlowRun } from '../../backend/types'
import type { FakeBackend, World } from '../../testing/fakeBackend'
import { problem } from '../../testing/fixtures'
import * as flows from '../../testing/flowFixtures'
import { openFlow } from '../../testing/openFlow'
import { expectAccessible } from '../../testing/render'
import { conversations } from './chat'
import { drafts } from './draft'

const open = (world: Partial<World> = {}) => openFlow(world, '', flows.CHAT)

const talk = async () => within(await screen.findByRole('region', { name: 'Chat' }))

/** Ends the run that was begun last. */
function end(backend: FakeBackend, parts: Partial<FlowRun>, output: unknown): void {
  const [begun, ...others] = backend.world.flowRuns
  if (!begun) throw new Error('nothing runs')
  const run: FlowRun = { ...begun, ended: new Date().toISOString(), duration: 1.2, ...parts }
  backend.world.flowRuns = [run, ...others]
  const before = backend.world.answers.flow_run
  backend.world.answers.flow_run = (request) => {
    if (request.run === run.id) {
      const given = output === null ? null : flows.shown(output)
      return flows.runDetail(run, { output: given })
    }
    if (before) return before(request)
    throw problem({ code: 'notFound' })
  }
  act(() => backend.tell({ kind: 'flowRun', run }))
}

afterEach(() => {
  conversations.clear()
  drafts.clear()
})

describe('a chat', () => {
  it('gives each question what was said before', async () => {
    const { user, backend } = await open()
    const chat = await talk()
    expect(chat.getByText(/It gets what was said before/)).toBeVisible()
    const box = chat.getByRole('textbox', { name: 'question' })
    await user.type(box, 'Who are you?{Enter}')
    expect(await chat.findByText('Who are you?')).toBeVisible()
    expect(box).toHaveValue('')
    expect(backend.requests('start_flow_run').at(-1)?.inputs).toEqual({
      question: 'Who are you?',
      chat_history: '[]',
    })
    await waitFor(() =>
      expect(chat.getByRole('button', { name: 'Send' })).toHaveAttribute('aria-disabled', 'true'),
    )
    await expectAccessible()
    end(backend, { state: 'completed' }, { answer: 'A flow.', cost: 3 })
    expect(await chat.findByText('A flow.')).toBeVisible()
    await user.type(box, 'Whose?{Enter}')
    await chat.findByText('Whose?')
    expect(
      JSON.parse(backend.requests('start_flow_run').at(-1)?.inputs.chat_history ?? ''),
    ).toEqual([{ inputs: { question: 'Who are you?' }, outputs: { answer: 'A flow.', cost: 3 } }])
  })

  it('says what went wrong in its place, and forgets what had no answer', async () => {
    const { user, backend } = await open()
    const chat = await talk()
    const box = chat.getByRole('textbox', { name: 'question' })
    await user.type(box, 'Divide by zero{Enter}')
    await chat.findByText('Divide by zero')
    end(backend, { state: 'failed', failure: flows.failedRun().failure }, null)
    expect(await chat.findByRole('group', { name: 'ZeroDivisionError' })).toBeVisible()
    await user.type(box, 'Again{Enter}')
    await chat.findByText('Again')
    expect(backend.requests('start_flow_run').at(-1)?.inputs.chat_history).toBe('[]')
  })

  it('keeps a question that could not be sent', async () => {
    const { user } = await open({
      answers: {
        start_flow_run: () => {
          throw problem({ code: 'busy', sentence: 'my-runtime is being updated.' })
        },
      },
    })
    const chat = await talk()
    const box = chat.getByRole('textbox', { name: 'question' })
    await user.type(box, 'Hello{Enter}')
    expect(await chat.findByText('my-runtime is being updated.')).toBeVisible()
    expect(box).toHaveValue('Hello')
  })

  it('begins anew, and has the inputs beside it', async () => {
    const { user, backend } = await open()
    const chat = await talk()
    await user.type(chat.getByRole('textbox', { name: 'question' }), 'Hello{Enter}')
    await chat.findByText('Hello')
    end(backend, { state: 'completed' }, { answer: 'Good day.' })
    await chat.findByText('Good day.')
    await waitFor(() =>
      expect(chat.getByRole('button', { name: 'New chat' })).not.toHaveAttribute(
        'aria-disabled',
        'true',
      ),
    )
    await user.click(chat.getByRole('button', { name: 'New chat' }))
    expect(chat.queryByText('Hello')).toBeNull()
    await user.click(chat.getByRole('tab', { name: 'Inputs' }))
    const inputs = within(await screen.findByRole('region', { name: 'Inputs' }))
    expect(inputs.getByRole('textbox', { name: 'chat_history' })).toHaveValue('[]')
  })
})
