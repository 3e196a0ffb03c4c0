import { act, screen, waitFor } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { problem, settings } from '../../testing/fixtures'
import { expectAccessible, openAt } from '../../testing/render'
import { parseWithin } from './RuntimeSettings'

describe('settings', () => {
  it('apply the appearance at once and keep it', async () => {
    const { user, backend } = await openAt('/settings', {
      answers: { change_settings: () => new Promise(() => undefined) },
    })
    await user.click(await screen.findByRole('radio', { name: 'Dark' }))
    expect(document.documentElement.style.colorScheme).toBe('dark')
    expect(backend.requests('change_settings')).toEqual([{ ...settings, appearance: 'dark' }])
    await expectAccessible()
  })

  it('take the appearance back when it could not be kept', async () => {
    const { user } = await openAt('/settings', {
      settings: { ...settings, appearance: 'light' },
      answers: {
        change_settings: () => {
          throw problem({ code: 'storage', sentence: 'The disk is full.' })
        },
      },
    })
    await user.click(await screen.findByRole('radio', { name: 'Dark' }))
    expect(await screen.findByText('The disk is full.')).toBeVisible()
    expect(screen.getByRole('radio', { name: 'Light' })).toBeChecked()
    expect(document.documentElement.style.colorScheme).toBe('light')
  })

  it('are saved together, only when they differ and can be read', async () => {
    const { user, backend } = await openAt('/settings')
    const hours = await screen.findByLabelText(/^Hours between checks/)
    expect(screen.queryByRole('button', { name: 'Save' })).toBeNull()
    await user.clear(hours)
    await user.type(hours, 'often')
    expect(screen.getByText('Write a whole number from 0 to 8760.')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Save' }))
    expect(backend.requests('change_settings')).toEqual([])
    await user.clear(hours)
    await user.type(hours, '0')
    await user.type(screen.getByLabelText(/^Default repository/), 'mirror.example.com/runtime')
    await user.click(screen.getByRole('button', { name: 'Save' }))
    const wanted = {
      ...settings,
      checkEveryHours: 0,
      repository: 'mirror.example.com/runtime',
    }
    await waitFor(() => expect(backend.requests('change_settings')).toEqual([wanted]))
    await act(async () => backend.tell({ kind: 'settings', settings: wanted }))
    expect(await screen.findByText('Saved')).toBeVisible()
    expect(screen.queryByRole('button', { name: 'Save' })).toBeNull()
  })

  it('say under the field what is wrong with the repository', async () => {
    const { user } = await openAt('/settings', {
      answers: {
        change_settings: () => {
          throw problem({
            code: 'invalidInput',
            field: 'repository',
            sentence: 'A repository has no spaces.',
          })
        },
      },
    })
    await user.type(await screen.findByLabelText(/^Default repository/), 'a b{Enter}')
    expect(await screen.findByText('A repository has no spaces.')).toBeVisible()
  })

  it('tell of this installation, and of a history that was put aside', async () => {
    await openAt('/settings', {
      answers: {
        app_info: () => ({
          version: '0.1.0',
          creator: 'anna@workstation',
          dataFolder: '/data',
          logFolder: '/logs',
          defaultRepositories: ['r.example.com/x'],
          repositoryFromEnvironment: true,
          historySetAside: '/data/history.broken',
        }),
      },
    })
    for (const words of ['0.1.0', '/data', '/logs', 'anna@workstation']) {
      expect(await screen.findByText(words)).toBeVisible()
    }
    expect(screen.getByText(/put aside at \/data\/history\.broken/)).toBeVisible()
    expect(screen.getByText(/PROMPTFLOW_RUNTIMES_REPOSITORY decides/)).toBeVisible()
  })
})

it('numbers are whole and within bounds', () => {
  expect(parseWithin(' 24 ', [0, 8760])).toBe(24)
  expect(parseWithin('9', [10, 3600])).toBeNull()
  expect(parseWithin('3601', [10, 3600])).toBeNull()
  expect(parseWithin('1.5', [0, 10])).toBeNull()
  expect(parseWithin('', [0, 10])).toBeNull()
})
