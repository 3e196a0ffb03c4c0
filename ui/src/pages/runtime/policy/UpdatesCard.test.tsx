import { act, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { PolicyView } from '../../../backend/types'
import { operation, policyView, runtime } from '../../../testing/fixtures'
import { expectAccessible, openAt } from '../../../testing/render'
import { draftOf, faultsOf, policyOf, weekdays } from './policy'

const mine = runtime({ id: 'mine' })

const nightly: PolicyView['policy'] = {
  kind: 'window',
  window: { days: [...weekdays], from: '02:00', to: '04:00' },
  olderThanDays: 7,
}

async function open(view: PolicyView) {
  const opened = await openAt('/runtimes/mine', {
    runtimes: [mine],
    answers: { update_policy: () => view },
  })
  const card = within(await screen.findByRole('region', { name: 'Updates' }))
  await card.findByRole('radio', { name: 'Tell me' })
  return { ...opened, card }
}

describe('the policy of a runtime', () => {
  it('is to tell, unless the person says otherwise', async () => {
    const { card } = await open(policyView())
    expect(card.getByRole('radio', { name: 'Tell me' })).toBeChecked()
    expect(card.queryByRole('button', { name: 'Save' })).toBeNull()
    await expectAccessible()
  })

  it('becomes a window with days, times and an age', async () => {
    const { card, user, backend } = await open(policyView())
    await user.click(card.getByRole('radio', { name: 'Update by itself in a time window' }))
    await user.click(card.getByRole('checkbox', { name: 'Sunday' }))
    await user.clear(card.getByRole('textbox', { name: 'Days that a version has been out' }))
    await user.type(card.getByRole('textbox', { name: 'Days that a version has been out' }), '14')
    await user.click(card.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(backend.requests('set_update_policy')).toHaveLength(1))
    expect(backend.requests('set_update_policy')[0]).toEqual({
      runtime: 'mine',
      policy: {
        kind: 'window',
        window: { days: weekdays.filter((day) => day !== 'sunday'), from: '02:00', to: '04:00' },
        olderThanDays: 14,
      },
    })
  })

  it('is not saved while something in it cannot be', async () => {
    const { card, user, backend } = await open(policyView({ policy: nightly }))
    await user.clear(card.getByRole('textbox', { name: 'Days that a version has been out' }))
    expect(card.getByText('Give a whole number up to 365.')).toBeVisible()
    await user.click(card.getByRole('button', { name: 'Save' }))
    expect(backend.requests('set_update_policy')).toEqual([])
    await user.click(card.getByRole('button', { name: 'Discard' }))
    expect(card.queryByText('Give a whole number up to 365.')).toBeNull()
  })

  it('says what happens next, and when', async () => {
    const tonight = new Date()
    tonight.setHours(23, 59, 0, 0)
    const { card } = await open(
      policyView({
        policy: nightly,
        looksAgain: tonight.toISOString(),
        tooYoung: { version: '20240429.v8', oldEnoughOn: '2024-05-06' },
        lastLook: { at: tonight.toISOString(), sentence: 'One run was active.' },
      }),
    )
    expect(
      card.getByText('Looks again today at 23:59. 20240429.v8 is old enough on 6 May.'),
    ).toBeVisible()
    expect(card.getByText('Looked today at 23:59: One run was active.')).toBeVisible()
    await expectAccessible()
  })

  it('silences a newer version where it is never wanted, until the person asks', async () => {
    const { user } = await open(policyView({ policy: { kind: 'never' } }))
    expect(screen.queryByText(/^A new version is available/)).toBeNull()
    await user.click(screen.getByRole('button', { name: 'Check version' }))
    expect(await screen.findByText(/^A new version is available/)).toBeVisible()
  })

  it('tells what it did while nobody looked, until that was read', async () => {
    const started = new Date()
    started.setHours(2, 0, 0, 0)
    let view = policyView({
      policy: nightly,
      news: {
        operation: 'operation-1',
        version: '20240429.v10',
        started: started.toISOString(),
        outcome: { updated: true, sentence: 'my-runtime runs 20240429.v10.' },
      },
    })
    const { user, backend } = await openAt('/runtimes/mine', {
      runtimes: [mine],
      operations: [
        operation({
          id: 'operation-1',
          runtime: 'mine',
          state: 'succeeded',
          finished: started.toISOString(),
          outcome: 'my-runtime runs 20240429.v10.',
        }),
      ],
      answers: { update_policy: () => view },
    })
    expect(
      await screen.findByText('Updated by itself to 20240429.v10 today at 02:00'),
    ).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Dismiss' }))
    expect(backend.requests('acknowledge_policy')).toEqual([{ runtime: 'mine' }])
    view = policyView({ policy: nightly })
    await act(async () => backend.tell({ kind: 'updatePolicy', runtime: 'mine' }))
    await waitFor(() => expect(screen.queryByText(/^Updated by itself/)).toBeNull())
  })
})

it('a draft comes back as the policy it was made from', () => {
  for (const policy of [{ kind: 'tellMe' }, { kind: 'never' }, nightly] as const) {
    expect(faultsOf(draftOf(policy)).size).toBe(0)
    expect(policyOf(draftOf(policy))).toEqual(policy)
  }
  const draft = draftOf(nightly)
  expect([...faultsOf({ ...draft, days: [], from: '', to: '', olderThanDays: 'x' })]).toEqual([
    'days',
    'from',
    'to',
    'olderThanDays',
  ])
  expect(faultsOf({ ...draft, to: '02:00' })).toEqual(new Set(['to']))
})
