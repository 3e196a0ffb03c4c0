import * as batches from './batchFixtures'
import type { World } from './fakeBackend'
import * as fixtures from './fixtures'

const never = () => new Promise<never>(() => undefined)

const unreadable = () => {
  throw fixtures.problem({
    code: 'storage',
    sentence: 'The batch runs cannot be read.',
    hints: ['Check the rights of the data folder, then try again.'],
    retry: true,
  })
}

const many = Array.from({ length: 400 }, (_, index) =>
  batches.batch({
    id: `batch-${index}`,
    name: `answers ${400 - index}`,
    started: fixtures.ago(index * 7_200_000),
    ended: fixtures.ago(index * 7_200_000 - 1_700_000),
  }),
)

/** Scenes of batch runs: `?scene=NAME#/flows/batches`, or the address of one. */
export const batchScenes: Record<string, () => Partial<World>> = {
  noBatches: () => ({ batches: [] }),
  manyBatches: () => ({ batches: many }),
  batchesLoading: () => ({
    answers: { list_batches: never, batch: never, preview_batch: never, compare_batches: never },
  }),
  batchesFailed: () => ({
    answers: {
      list_batches: unreadable,
      batch: unreadable,
      preview_batch: unreadable,
      compare_batches: unreadable,
    },
  }),
  /** `#/flows/batches/batch-large` */
  batchLarge: () => ({
    batches: [
      batches.batch({ id: 'batch-large', rows: 1_000_000, completed: 90_000, failed: 10_000 }),
    ],
  }),
  /** `#/flows/batches/batch-new` */
  batchNew: () => ({
    batches: [
      batches.runningBatch({
        id: 'batch-new',
        state: 'queued',
        rows: null,
        completed: 0,
        failed: 0,
        running: 0,
        rate: null,
        timeLeft: null,
        tokens: null,
        lanes: [
          batches.lane({
            state: 'waiting',
            ended: 0,
            note: 'Another batch run uses its service.',
          }),
        ],
      }),
    ],
  }),
}
