import type { Batch, BatchRowView, Runtime } from '../backend/types'
import * as batches from './batchFixtures'
import type { Answers } from './fakeBackend'
import * as fixtures from './fixtures'
import type { FlowWorld } from './flowAnswers'

/** What a pretended application knows of batch runs. */
export interface BatchWorld {
  /** Newest first. */
  batches: Batch[]
}

export const batchWorld = (): BatchWorld => ({ batches: batches.manyBatches() })

const SORTS = {
  row: ({ row }: BatchRowView) => row,
  state: ({ state }: BatchRowView) => state.length,
  duration: ({ duration }: BatchRowView) => duration ?? 0,
  tokens: ({ tokens }: BatchRowView) => tokens?.total ?? 0,
  tries: ({ tries }: BatchRowView) => tries,
}

const hasWords = (text: string, of: string) =>
  text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => of.toLowerCase().includes(word))

/** Answers about batch runs in a world in which nothing special happens. */
export function batchAnswers(world: FlowWorld & BatchWorld & { runtimes: Runtime[] }): Answers {
  const find = (id: string): Batch => {
    const found = world.batches.find((one) => one.id === id)
    if (!found) {
      throw fixtures.problem({ code: 'notFound', sentence: 'This batch run is not kept any more.' })
    }
    return found
  }
  const change = (id: string, part: Partial<Batch>) => {
    find(id)
    world.batches = world.batches.map((one) => (one.id === id ? { ...one, ...part } : one))
    return {}
  }
  return {
    preview_batch: ({ draft }) => {
      const view = world.flows.find(({ flow }) => flow === draft.flow)
      if (!view) throw fixtures.problem({ code: 'notFound', sentence: 'This flow is not there.' })
      return batches.batchPreview(draft, view, world.batches)
    },
    count_rows: () => ({ rows: 1000 }),
    list_batches: ({ flow, text }) => ({
      batches: world.batches.filter(
        (one) =>
          (flow === null || one.flow === flow) &&
          hasWords(
            text,
            [one.name, one.flowName, one.file, ...one.tags, one.description].join(' '),
          ),
      ),
      bytes: world.batches.reduce((sum, { bytes }) => sum + bytes, 0),
    }),
    batch: ({ batch }) => batches.batchDetail(find(batch), world.batches),
    batch_rows: ({ batch, query }) => {
      const { state, text, sort, descending, offset, limit } = query
      const by = SORTS[sort]
      const all = batches
        .rowsOf(find(batch))
        .filter(
          (row) => (state === null || row.state === state) && hasWords(text, JSON.stringify(row)),
        )
        .sort((one, other) => (by(one) - by(other)) * (descending ? -1 : 1) || one.row - other.row)
      return { rows: all.slice(offset, offset + limit), total: all.length }
    },
    batch_row: ({ batch, row }) => {
      find(batch)
      return batches.batchRow(row)
    },
    batch_failures: ({ batch }) => {
      const { failed } = find(batch)
      return { groups: failed > 0 ? batches.failureGroups(failed) : [] }
    },
    batch_latency: ({ batch }) => ({
      latency: find(batch).completed > 0 ? batches.latency({ rows: find(batch).completed }) : null,
    }),
    compare_batches: ({ batches: ids, differing, offset, limit }) => {
      const all = Array.from({ length: 1000 }, (_, row) => ({
        row,
        inputs: batches.batchRow(row).inputs,
        cells: ids.map((id, index) =>
          index > 0 && row % 3 === 0
            ? batches.batchRow(row, {
                outputs: [
                  {
                    name: 'answer',
                    value: batches.batchRow(row + 1).inputs[0]?.value ?? {
                      text: '',
                      json: false,
                      cut: false,
                      bytes: 0,
                    },
                  },
                ],
              })
            : find(id) && batches.batchRow(row),
        ),
        differs: row % 3 === 0,
      })).filter((row) => !differing || row.differs)
      return {
        batches: ids.map((id, index) => ({
          batch: find(id),
          latency: batches.latency({ mean: 1.42 + index * 0.2, median: 1.3 + index * 0.1 }),
        })),
        rows: all.slice(offset, offset + limit),
        total: all.length,
      }
    },
    start_batch: ({ flow, name, runtimes, file, mapping, other, variants, settings }) => {
      const id = `batch-started-${world.batches.length}`
      const flowName = world.flows.find((one) => one.flow === flow)?.name ?? ''
      world.batches = [
        batches.batch({
          id,
          flow,
          flowName,
          name: name || `${flowName} ${world.batches.length}`,
          tags: [],
          description: '',
          lanes: runtimes.map((runtime) =>
            batches.lane({
              runtime,
              name: world.runtimes.find((one) => one.id === runtime)?.name ?? '',
              state: 'preparing',
              ended: 0,
            }),
          ),
          file,
          mapping,
          other,
          variants,
          settings,
          state: 'preparing',
          note: 'The flow is being brought to the runtime.',
          started: new Date().toISOString(),
          ended: null,
          completed: 0,
          failed: 0,
          metrics: [],
          tokens: null,
          bytes: 0,
        }),
        ...world.batches,
      ]
      return { batch: id }
    },
    pause_batch: ({ batch }) => change(batch, { state: 'pausing' }),
    resume_batch: ({ batch }) => change(batch, { state: 'queued', ended: null }),
    cancel_batch: ({ batch }) => change(batch, { state: 'cancelling' }),
    rerun_failed_rows: ({ batch }) => change(batch, { state: 'queued', failed: 0, ended: null }),
    describe_batch: ({ batch, name, tags, description }) =>
      change(batch, { name, tags, description }),
    delete_batch: ({ batch }) => {
      find(batch)
      world.batches = world.batches.filter(({ id }) => id !== batch)
      return {}
    },
    export_batch: ({ batch, form }) => ({
      path: `/home/anna/Downloads/${find(batch).name}${{ jsonLines: '.jsonl', csv: '.csv', pfRun: '' }[form]}`,
    }),
  }
}
