import {
  adopted,
  diskImage,
  diskView,
  foreign,
  installOperation,
  manageOperation,
} from './adoptFixtures'
import type { World } from './fakeBackend'
import * as fixtures from './fixtures'

const composeRefusal = fixtures.problem({
  code: 'cannotBeKept',
  sentence:
    'flows-by-hand belongs to the Compose project shop. Replacing it here would go behind Compose\'s back: its next "up" would undo it.',
  hints: [
    'Change the image in the Compose file and run: docker compose -f /srv/shop/compose.yaml -p shop up -d --pull always flows',
    'Or make a new runtime beside it.',
  ],
})

const noCheck = { check_version: () => ({ check: null }) }

const withHistory = (...operations: ReturnType<typeof installOperation>[]): Partial<World> => ({
  runtimes: [fixtures.runtime({ id: 'mine' })],
  answers: { ...noCheck, runtime_history: () => ({ operations }) },
})

/** Scenes of adopted runtimes, packages by hand and disks. */
export const adoptScenes: Record<string, () => Partial<World>> = {
  /** `#/runtimes/add`, with *Existing custom application*. */
  nothingToAdopt: () => ({ answers: { foreign_containers: () => ({ containers: [] }) } }),
  noneUsable: () => ({
    answers: {
      foreign_containers: () => ({
        containers: [foreign('inside', { kind: 'nothingListens', elsewhere: [] })],
      }),
    },
  }),
  /** `#/runtimes/adopted`, and `#/runtimes/adopted?manage=open`. */
  adopted: () => ({ runtimes: [adopted()], answers: noCheck }),
  adoptedOfCompose: () => ({
    runtimes: [adopted()],
    answers: {
      ...noCheck,
      runtime_detail: () => ({
        ...fixtures.detail(adopted()),
        cannotUpdate: [composeRefusal],
      }),
    },
  }),
  managing: () => ({
    runtimes: [adopted({ operation: 'operation-started', status: 'Updating' })],
    operations: [manageOperation()],
    answers: noCheck,
  }),
  /** `#/runtimes/mine?tab=packages`. */
  installedByHand: () => withHistory(installOperation(fixtures.runtime({ id: 'mine' }))),
  /** `#/runtimes/mine?tab=packages&install=open`. */
  installing: () => {
    const of = fixtures.runtime({ id: 'mine', operation: 'operation-install' })
    return {
      runtimes: [of],
      answers: noCheck,
      operations: [
        installOperation(of, {
          state: 'running',
          finished: null,
          packages: null,
          outcome: null,
          steps: [
            {
              kind: 'check',
              state: 'done',
              note: null,
              started: fixtures.ago(9000),
              finished: fixtures.ago(8000),
            },
            {
              kind: 'install',
              state: 'running',
              note: 'pandas==2.1, humanize',
              started: fixtures.ago(8000),
              finished: null,
            },
          ],
        }),
      ],
    }
  },
  /** `#/computes/local/disk`. */
  diskNeeded: () => ({
    answers: {
      disk: () =>
        diskView({
          images: [
            diskImage(`${fixtures.REPOSITORY}:20240429.v8`, {
              need: { kind: 'inUse', by: ['my-runtime'] },
              mayGo: false,
              proposed: false,
            }),
          ],
        }),
    },
  }),
  diskEmpty: () => ({
    answers: { disk: () => diskView({ images: [], free: null, buildCache: null }) },
  }),
  diskCacheOnly: () => ({ answers: { disk: () => diskView({ images: [] }) } }),
  diskCacheInUse: () => ({
    answers: { disk: () => diskView({ buildCache: { size: 800 * 1024 * 1024, unused: 0 } }) },
  }),
}
