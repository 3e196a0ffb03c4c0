import type { World } from './fakeBackend'
import { manyRuntimes } from './fixtures'
import * as flows from './flowFixtures'
import { type Opened, openAt } from './render'

/** Opens the page of a flow, with a query that begins with `?`, where there are four runtimes. */
export const openFlow = (
  world: Partial<World> = {},
  query = '',
  flow = flows.ANSWERS,
): Promise<Opened> =>
  openAt(`/flows/${encodeURIComponent(flow)}${query}`, {
    runtimes: manyRuntimes().slice(0, 4),
    ...world,
  })

/** A flow without an input that has to be typed. */
export const readyFlow = () => {
  const view = flows.answersFlow()
  return { ...view, inputs: view.inputs.filter(({ from }) => from !== 'nowhere') }
}
