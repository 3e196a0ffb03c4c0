import type { World } from './fakeBackend'
import { FakeLog, logSource } from './fakeLog'
import * as fixtures from './fixtures'
import { mergedLog, serviceLines, serviceLog, unreadableSource } from './logFixtures'

/** Fills a log as fast as it is told: lines a second. */
function filling(perSecond: number): FakeLog {
  const log = new FakeLog([], {})
  // Made before: what is measured is the view, not how fast lines are made up here.
  const lines = serviceLines(perSecond / 10).map((line) => ({ ...line, noise: false }))
  setInterval(() => log.append(...lines), 100)
  return log
}

/** Scenes of logs: `?scene=NAME#/runtimes/runtime-my-runtime?tab=logs` or `#/logs?file=/tmp/x.log`. */
export const logScenes: Record<string, () => Partial<World>> = {
  logEmpty: () => ({ log: new FakeLog(), fileLog: new FakeLog([], { live: false, sources: [] }) }),
  logMerged: () => ({ log: mergedLog() }),
  logUnreadable: () => ({ log: new FakeLog([], { live: false, sources: [unreadableSource()] }) }),
  logRefused: () => {
    const problem = fixtures.problem({
      code: 'notFound',
      sentence: 'There is no file /tmp/run.log.',
      hints: ['Check the path, or drop the file on the window.'],
    })
    return { log: new FakeLog([], { problem }), fileLog: new FakeLog([], { problem }) }
  },
  logEnded: () => {
    const log = serviceLog(60)
    log.whole = false
    log.change({
      sources: [logSource({ following: false, ended: 'The container has ended by itself.' })],
      notes: ['The engine keeps only the last 10 MB of this log; older lines are gone.'],
    })
    return { log }
  },
  logFast: () => ({ log: filling(50_000) }),
  logHuge: () => ({ log: new FakeLog(serviceLines(1_200_000)) }),
}
