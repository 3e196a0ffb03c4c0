import { screen } from '@testing-library/react'
import { act } from 'react'
import { afterEach, expect, it } from 'vitest'
import { openAt } from '../../testing/render'
import { wizardDraft } from './draft'

afterEach(() => wizardDraft.forget())

it('the summary never says what cannot be read', async () => {
  await openAt('/runtimes/add', { runtimes: [] })
  const summary = await screen.findByRole('complementary', { name: 'Summary' })
  expect(await screen.findByText('port 18091')).toBeVisible()
  expect(summary).toHaveTextContent('no memory limit')
  act(() => {
    wizardDraft.type('memoryLimit', { memoryLimit: 'much' })
    wizardDraft.type('hostPort', { hostPort: 'http' })
    wizardDraft.type('cpuLimit', { cpuLimit: '1,5' })
  })
  expect(summary).not.toHaveTextContent('memory')
  expect(summary).not.toHaveTextContent('port')
  expect(summary).toHaveTextContent('1.5 CPUs')
})
