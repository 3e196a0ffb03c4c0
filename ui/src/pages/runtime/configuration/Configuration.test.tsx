import { act, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it, vi } from 'vitest'
import type { ConfigurationPreview, Operation, Runtime } from '../../../backend/types'
import { configuration, configurationPreview } from '../../../testing/configurationFixtures'
import type { World } from '../../../testing/fakeBackend'
import { operation, portTaken, problem, runtime } from '../../../testing/fixtures'
import { expectAccessible, openAt } from '../../../testing/render'

const of = runtime({ id: 'mine' })
const LATE = { timeout: 20_000 }

// The form has many fields, and a busy machine takes its time for each.
vi.setConfig({ testTimeout: 90_000 })

async function tab(world: Partial<World> = {}, at = '/runtimes/mine?tab=configuration') {
  const opened = await openAt(at, { runtimes: [of], ...world })
  const press = async (name: string) =>
    opened.user.click(await screen.findByRole('button', { name }, LATE))
  const tell = (next: Operation) =>
    act(async () => opened.backend.tell({ kind: 'operation', operation: next }))
  return { ...opened, press, tell }
}

/** The tab with its form open. */
async function form(world: Partial<World> = {}) {
  const opened = await tab(world)
  await opened.press('Edit')
  await screen.findByRole('form', { name: 'Edit the configuration' }, LATE)
  return opened
}

async function review(world: Partial<World> = {}, shown: Partial<ConfigurationPreview> = {}) {
  const opened = await form({
    ...world,
    answers: { preview_configuration: () => configurationPreview(shown), ...world.answers },
  })
  const port = screen.getByLabelText('Published port')
  await opened.user.clear(port)
  await opened.user.type(port, '18099')
  await opened.press('Review changes')
  const dialog = within(await screen.findByRole('dialog', { name: 'Change configuration' }, LATE))
  return { ...opened, dialog }
}

const started = (parts: Partial<Operation> = {}) =>
  operation({
    id: 'operation-started',
    kind: 'reconfigure',
    runtime: of.id,
    name: of.name,
    ...parts,
  })

describe('looking', () => {
  it('shows what the runtime has, and that a description is newer than its container', async () => {
    await tab({
      answers: {
        configuration: () =>
          configuration(of, { description: 'Written since', descriptionNotInLabel: true }),
      },
    })
    const settings = within(await screen.findByRole('region', { name: 'Settings' }, LATE))
    expect(settings.getByText('Written since')).toBeVisible()
    expect(settings.getByText(/Newer than the container/)).toBeVisible()
    expect(settings.getByText('18080')).toBeVisible()
    expect(settings.getByText('4 GB')).toBeVisible()
    expect(settings.getByText('Unless stopped')).toBeVisible()
    await expectAccessible()
  })

  it('does not open the form while an operation works on the runtime', async () => {
    const busy: Runtime = { ...of, operation: 'operation-started' }
    const { user } = await tab({ runtimes: [busy], operations: [started()] })
    const edit = await screen.findByRole('button', { name: 'Edit' }, LATE)
    await user.click(edit)
    expect(screen.queryByRole('form')).toBeNull()
  })
})

describe('typing', () => {
  it('is possible for everyone', async () => {
    await form()
    expect(screen.getByLabelText('Description')).toHaveFocus()
    await expectAccessible()
  })

  it('keeps values of variables unless a new one is given, and sends nothing else', async () => {
    const { user, backend, press } = await form()
    expect(screen.getByLabelText('Name of variable 1')).toHaveAttribute('readonly')
    expect(screen.getAllByText('Value kept')).toHaveLength(2)
    await press('Give TEAM_NAME a new value')
    const value = screen.getByLabelText('Value of variable 2')
    expect(value).toHaveFocus()
    expect(value).toHaveAttribute('type', 'password')
    await user.type(value, 'support')
    await press('Remove variable 1')
    await press('Review changes')
    await screen.findByRole('dialog', { name: 'Change configuration' }, LATE)
    const sent = backend.requests('preview_configuration').at(-1)
    expect(sent?.basedOn).toBe(configuration(of).basedOn)
    expect(sent?.draft).toMatchObject({
      hostPort: 18080,
      memoryLimit: 4 * 1024 ** 3,
      variables: [{ name: 'TEAM_NAME', value: 'support', confirmed: false }],
      mounts: [{ source: 'my-runtime-data', target: '/data', readOnly: false }],
    })
  })

  it('says at the field what is wrong, and goes to the first one', async () => {
    const taken = problem({
      code: 'portTaken',
      sentence: 'Port 18099 is taken by "nginx".',
      field: 'hostPort',
    })
    const { user, press } = await form({
      answers: { preview_configuration: () => configurationPreview({ problems: [taken] }) },
    })
    const port = screen.getByLabelText('Published port')
    await user.clear(port)
    await user.type(port, '18099')
    await press('Review changes')
    expect(await screen.findByText(/is taken by "nginx"/, undefined, LATE)).toBeVisible()
    expect(await screen.findByText(/^A field needs a change/, undefined, LATE)).toBeVisible()
    await waitFor(() => expect(port).toHaveFocus())
    expect(screen.queryByRole('dialog')).toBeNull()
  })

  it('does not ask again about an address that it has already', async () => {
    await form({ answers: { configuration: () => configuration(of, { bindAddress: '0.0.0.0' }) } })
    expect(screen.queryByText('Others can reach this runtime')).toBeNull()
  })

  it('asks before others can reach it', async () => {
    const { user } = await form()
    const address = screen.getByRole('combobox', { name: 'Bind address' })
    await user.clear(address)
    await user.type(address, '0.0.0.0')
    expect(await screen.findByText('Others can reach this runtime', undefined, LATE)).toBeVisible()
    expect(screen.getByLabelText(/reachable by others/)).not.toBeChecked()
  })

  it('asks before what was typed is lost', async () => {
    const { user, press, address } = await form()
    await user.type(screen.getByLabelText('Description'), ' and more')
    await user.click(screen.getByRole('tab', { name: 'Logs' }))
    const ask = within(await screen.findByRole('dialog', { name: 'Leave without applying?' }, LATE))
    await user.click(ask.getByRole('button', { name: 'Stay' }))
    expect(address()).toContain('tab=configuration')
    expect(await screen.findByLabelText('Description', undefined, LATE)).toHaveValue(
      'Support flows of the team and more',
    )
    await user.click(await screen.findByRole('tab', { name: 'Logs' }, LATE))
    await press('Leave')
    await waitFor(() => expect(address()).toContain('tab=logs'))
  })

  it('leaves without a question when nothing was typed', async () => {
    const { user, address } = await form()
    await user.click(screen.getByRole('tab', { name: 'History' }))
    await waitFor(() => expect(address()).toContain('tab=history'))
  })
})

describe('the review', () => {
  it('shows the difference first, and what it means', async () => {
    const { dialog } = await review({}, { activeRuns: { kind: 'known', count: 2 } })
    const table = within(dialog.getByRole('table', { name: 'What changes' }))
    const rows = table.getAllByRole('row').map((row) => row.textContent)
    expect(rows).toEqual([
      'SettingBeforeAfter',
      'Published port1808018099',
      'Memory limit4 GB6 GB',
      'Variable TEAM_NAMEValue hiddenNew value',
      'Mount at /modelsNot there/srv/models, read only',
    ])
    expect(dialog.getByRole('region', { name: 'What happens' })).toHaveTextContent(
      /beside the running one first.*about 2 s.*kept for 14 days/,
    )
    expect(dialog.getByText('2 runs are active.')).toBeVisible()
    await expectAccessible()
  })

  it('says when all is changed in place', async () => {
    const { dialog } = await review(
      {},
      {
        replaces: false,
        changes: [
          { setting: { kind: 'description', before: 'a', after: 'b' }, inPlace: true },
          {
            setting: { kind: 'restartPolicy', before: 'unless-stopped', after: 'always' },
            inPlace: true,
          },
        ],
      },
    )
    const means = dialog.getByRole('region', { name: 'What happens' })
    expect(means).toHaveTextContent(/goes on running.*Other machines see it after/)
    expect(dialog.queryByRole('radio')).toBeNull()
  })

  it('applies only once a doubt was confirmed, and shows the progress', async () => {
    const doubt = problem({ sentence: 'It cannot be proved beside the running one.' })
    const { dialog, user, backend, tell } = await review({}, { confirmations: [doubt] })
    await user.click(dialog.getByRole('button', { name: 'Apply' }))
    expect(backend.requests('change_configuration')).toHaveLength(0)
    const tick = dialog.getByRole('checkbox', { name: /Change it all the same/ })
    expect(tick).toHaveFocus()
    await user.click(tick)
    await user.click(dialog.getByRole('button', { name: 'Apply' }))
    await waitFor(() => expect(backend.requests('change_configuration')).toHaveLength(1))
    expect(backend.requests('change_configuration')[0]).toMatchObject({
      runtime: 'mine',
      basedOn: configuration(of).basedOn,
      confirmed: true,
      cancelRuns: false,
      draft: { hostPort: 18099 },
    })
    await tell(started())
    expect(await dialog.findByRole('region', { name: 'Progress of my-runtime' })).toBeVisible()
    await tell(
      started({
        state: 'succeeded',
        cancel: 'no',
        finished: new Date().toISOString(),
        outcome: 'my-runtime runs 20240429.v8. New: published port.',
      }),
    )
    expect(await dialog.findByText(/New: published port/)).toBeVisible()
    await user.click(dialog.getByRole('button', { name: 'Close' }))
    await screen.findByRole('button', { name: 'Edit' }, LATE)
    expect(screen.queryByRole('form')).toBeNull()
  })

  it('a failure leads back to the form, with everything that was typed', async () => {
    const { dialog, user, tell } = await review()
    await user.click(dialog.getByRole('button', { name: 'Apply' }))
    await tell(
      started({
        state: 'failed',
        cancel: 'no',
        finished: new Date().toISOString(),
        outcome: 'my-runtime runs 20240429.v8 as before. It never stopped.',
        problem: problem({ code: 'portTaken', finding: portTaken }),
      }),
    )
    await user.click(await dialog.findByRole('button', { name: 'Use port 18082' }, LATE))
    const port = await screen.findByLabelText('Published port', undefined, LATE)
    expect(port).toHaveValue('18082')
    await waitFor(() => expect(port).toHaveFocus())
  })

  it('compares what was typed with what somebody changed meanwhile', async () => {
    let asked = 0
    const { press, backend } = await form({
      answers: {
        configuration: () => {
          asked += 1
          return configuration(of, asked > 1 ? { basedOn: 'as it is now', cpuLimit: 4 } : {})
        },
        preview_configuration: ({ basedOn }) => {
          if (basedOn === 'as it is now') return configurationPreview()
          throw problem({
            code: 'changedMeanwhile',
            sentence: 'my-runtime was changed by somebody since this form was opened.',
          })
        },
      },
    })
    await press('Remove variable 1')
    await press('Review changes')
    expect(await screen.findByText(/was changed by somebody/, undefined, LATE)).toBeVisible()
    await press('Review again')
    await screen.findByRole('dialog', { name: 'Change configuration' }, LATE)
    expect(backend.requests('preview_configuration').at(-1)).toMatchObject({
      basedOn: 'as it is now',
      // What somebody else changed is not undone.
      draft: { cpuLimit: 4, variables: [{ name: 'TEAM_NAME', value: null }] },
    })
  })
})

describe('coming to a field', () => {
  it('opens the form where a finding leads', async () => {
    // Of a port that is free the Diagnostics tab makes an operation; here the person chooses.
    const finding = { ...portTaken, remedies: [{ kind: 'choosePort' as const, free: null }] }
    const failed = runtime({ id: 'mine', status: 'Failed', finding })
    const { press } = await tab({ runtimes: [failed] }, '/runtimes/mine')
    await press('Choose another port')
    const port = await screen.findByLabelText('Published port', undefined, LATE)
    await waitFor(() => expect(port).toHaveFocus())
  })

  it('opens the form at the variables, where there are some and where there are none', async () => {
    for (const [variables, at] of [
      [configuration(of).variables, 'variables-0'],
      [[], 'variables'],
    ] as const) {
      const finding = {
        ...portTaken,
        cause: 'proxyNotReachable' as const,
        remedies: [{ kind: 'changeVariables' as const }],
      }
      const failed = runtime({ id: 'mine', status: 'Failed', finding })
      const answers = { configuration: () => configuration(of, { variables: [...variables] }) }
      const { press, unmount } = await tab({ runtimes: [failed], answers }, '/runtimes/mine')
      await press('Change variables')
      await screen.findByRole('form', { name: 'Edit the configuration' }, LATE)
      await waitFor(() => expect(document.activeElement?.id).toContain(at))
      expect(document.activeElement?.id.endsWith(at)).toBe(true)
      unmount()
    }
  })

  it('shows a change that is under way', async () => {
    const busy: Runtime = { ...of, operation: 'operation-started' }
    await tab(
      { runtimes: [busy], operations: [started()] },
      '/runtimes/mine?tab=configuration&change=open',
    )
    const dialog = await screen.findByRole('dialog', { name: 'Change configuration' }, LATE)
    expect(within(dialog).getByRole('region', { name: 'Progress of my-runtime' })).toBeVisible()
  })
})
