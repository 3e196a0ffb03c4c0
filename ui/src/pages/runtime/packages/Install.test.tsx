import { screen, waitFor, within } from '@testing-library/react'
import { afterEach, describe, expect, it } from 'vitest'
import { installOperation } from '../../../testing/adoptFixtures'
import { ago, compute, operation, problem, runtime } from '../../../testing/fixtures'
import { expectAccessible, openAt } from '../../../testing/render'
import { byHand, installsOf } from './byHand'
import { requirementsOf } from './InstallDialog'

const mine = runtime({ id: 'mine' })
const alone = {
  runtimes: [mine],
  computes: [compute()],
  answers: { check_version: () => ({ check: null }) },
}

afterEach(() => sessionStorage.clear())

async function dialog(parts: Parameters<typeof openAt>[1] = {}) {
  const opened = await openAt('/runtimes/mine?tab=packages', { ...alone, ...parts })
  await opened.user.click(await screen.findByRole('button', { name: 'Install packages' }))
  return {
    ...opened,
    inside: within(await screen.findByRole('dialog', { name: 'Install packages' })),
  }
}

const keepButton = () => screen.findByRole('button', { name: 'Make them part of the environment' })

describe('installing packages', () => {
  it('says how long it lasts, installs what was typed, and offers to keep it', async () => {
    const { user, backend, inside, address } = await dialog()
    expect(inside.getByText(/lasts only until the container is recreated/)).toBeVisible()
    const field = inside.getByRole('textbox', { name: 'Packages' })
    expect(field).toHaveFocus()
    expect(field).toHaveAttribute('placeholder', 'pandas==2.1')
    await expectAccessible()
    await user.type(field, 'pandas==2.1\n\n# a comment\n humanize ')
    await user.click(inside.getByRole('button', { name: 'Install' }))
    expect(backend.requests('install_packages')).toEqual([
      { runtime: 'mine', requirements: ['pandas==2.1', 'humanize'] },
    ])
    backend.tell({
      kind: 'operation',
      operation: installOperation(mine, { id: 'operation-started' }),
    })
    expect(await inside.findByText('Packages were installed in my-runtime')).toBeVisible()
    await user.click(inside.getByRole('button', { name: 'Close' }))
    expect(
      await screen.findByText(
        '2 packages were installed by hand. They are lost when the container is recreated.',
      ),
    ).toBeVisible()
    await expectAccessible()
    await user.click(await keepButton())
    expect(backend.requests('keep_packages')).toEqual([
      { runtime: 'mine', requirements: ['pandas==2.1', 'humanize'] },
    ])
    const kept = backend.world.environments[0]?.id
    await waitFor(() => expect(address()).toBe(`/environments/${kept}?tab=build`))
    expect(backend.requests('build_environment')).toEqual([
      {
        environment: kept,
        compute: mine.compute,
        newestBase: false,
        noCache: false,
        exactly: null,
        update: ['mine'],
      },
    ])
  })

  it('wants at least one package, and says under the field what is no requirement', async () => {
    const { user, backend, inside } = await dialog({
      answers: {
        ...alone.answers,
        install_packages: () => {
          throw problem({
            code: 'invalidInput',
            field: 'requirements',
            sentence: '"-r x" is not a requirement.',
          })
        },
      },
    })
    const field = inside.getByRole('textbox', { name: 'Packages' })
    await user.click(inside.getByRole('button', { name: 'Install' }))
    expect(inside.getByText('Name at least one package.')).toBeVisible()
    expect(field).toHaveFocus()
    expect(backend.requests('install_packages')).toEqual([])
    await user.type(field, '-r x')
    await user.click(inside.getByRole('button', { name: 'Install' }))
    expect(await inside.findByText('"-r x" is not a requirement.')).toBeVisible()
  })

  it('that went wrong shows what was seen, and the packages can be changed', async () => {
    const { user, backend, inside } = await dialog()
    await user.type(inside.getByRole('textbox', { name: 'Packages' }), 'fais-cpu')
    await user.click(inside.getByRole('button', { name: 'Install' }))
    backend.tell({
      kind: 'operation',
      operation: installOperation(mine, {
        id: 'operation-started',
        state: 'failed',
        packages: null,
        outcome: null,
        problem: problem({
          code: 'buildFailed',
          retry: true,
          finding: {
            cause: 'packageNotFound',
            sentence: 'No version of fais-cpu can be found.',
            meaning: 'The package index knows no package of this name.',
            evidence: [{ probe: 'What it said', seen: 'ERROR: No matching distribution' }],
            advice: ['Check how the package is spelled.'],
            remedies: [{ kind: 'tryAgain' }],
          },
        }),
      }),
    })
    expect(await inside.findByText('ERROR: No matching distribution')).toBeVisible()
    await user.click(inside.getByRole('button', { name: 'Change packages' }))
    expect(inside.getByRole('textbox', { name: 'Packages' })).toHaveValue('fais-cpu')
  })

  it('is not offered while the runtime is down or busy', async () => {
    await openAt('/runtimes/mine?tab=packages', {
      ...alone,
      runtimes: [{ ...mine, operation: 'up' }],
    })
    await screen.findByRole('searchbox', { name: 'Search packages' })
    expect(screen.queryByRole('button', { name: 'Install packages' })).toBeNull()
  })

  it('is told by the history, and keeps what changed where nobody knows what was typed', async () => {
    const { user, backend } = await openAt('/runtimes/mine?tab=packages', {
      ...alone,
      answers: {
        ...alone.answers,
        runtime_history: () => ({ operations: [installOperation(mine)] }),
      },
    })
    await user.click(await keepButton())
    expect(backend.requests('keep_packages')).toEqual([
      { runtime: 'mine', requirements: ['pandas==2.1.0', 'numpy==1.26.4'] },
    ])
  })

  it('says why packages cannot be kept', async () => {
    const { user } = await openAt('/runtimes/mine?tab=packages', {
      ...alone,
      answers: {
        ...alone.answers,
        runtime_history: () => ({ operations: [installOperation(mine)] }),
        keep_packages: () => {
          throw problem({ code: 'invalidInput', sentence: 'rag has no requirements.txt.' })
        },
      },
    })
    await user.click(await keepButton())
    expect(await screen.findByText('rag has no requirements.txt.')).toBeVisible()
  })
})

describe('what was installed by hand', () => {
  const install = installOperation(mine)
  const done = (kind: 'update' | 'restart' | 'reconfigure', steps = operation().steps) =>
    operation({ kind, runtime: 'mine', state: 'succeeded', steps })

  it('is lost with the container, and only with it', () => {
    expect(installsOf([install])).toEqual([install])
    expect(installsOf([done('restart'), install])).toEqual([install])
    expect(installsOf([done('reconfigure', []), install])).toEqual([install])
    expect(installsOf([{ ...done('update'), state: 'failed' }, install])).toEqual([install])
    expect(installsOf([done('update'), install])).toEqual([])
    const switched = done('reconfigure', [
      { kind: 'switchOver', state: 'done', note: null, started: ago(9), finished: ago(1) },
    ])
    expect(installsOf([switched, install])).toEqual([])
    expect(installsOf([{ ...install, packages: [] }])).toEqual([])
  })

  it('of several times is told together', () => {
    const later = { ...install, id: 'later', packages: [{ name: 'pandas', from: '2', to: '3' }] }
    expect(byHand([later, install])).toEqual({
      operation: 'later',
      count: 2,
      requirements: ['pandas==2.1.0', 'numpy==1.26.4', 'pandas==3'],
    })
    expect(byHand([])).toBeNull()
  })

  it('is a package a line', () => {
    expect(requirementsOf(' a \n\n#b\nc==1')).toEqual(['a', 'c==1'])
  })
})
