import { LINKS } from '../pages/runtime/diagnostics/links'
import { brokenAt, check, diagnosis, mendPreview, outOfMemory } from './diagnosisFixtures'
import type { World } from './fakeBackend'
import { compute, runtime } from './fixtures'

const mine = runtime({ id: 'mine' })
const alone = { runtimes: [mine], computes: [compute()] }

/** Scenes of the Diagnostics tab; its runtime has the id `mine`. */
export const diagnosisScenes: Record<string, () => Partial<World>> = {
  diagnosisWhole: () => ({
    ...alone,
    answers: { diagnose_runtime: () => diagnosis(mine) },
  }),
  diagnosisBroken: () => {
    const failed = runtime({
      ...mine,
      status: 'Failed',
      statusReason: 'Killed for memory',
      started: null,
      finding: outOfMemory,
    })
    return {
      ...alone,
      runtimes: [failed],
      answers: { diagnose_runtime: () => brokenAt(failed, 'running', outOfMemory) },
    }
  },
  /** A link that could not be seen: the chain is not called whole. */
  diagnosisUnknown: () => ({
    ...alone,
    answers: {
      diagnose_runtime: () =>
        diagnosis(mine, {
          checks: LINKS.map((link) =>
            check(
              link,
              link === 'health'
                ? { state: 'unknown', saw: '', sentence: 'The probe was not answered in time.' }
                : {},
            ),
          ),
        }),
    },
  }),
  diagnosisRunning: () => ({
    ...alone,
    answers: {
      diagnosis: () => ({
        diagnosis: diagnosis(mine, {
          running: true,
          began: new Date().toISOString(),
          checks: [check('compute'), check('permission'), check('image')],
        }),
      }),
    },
  }),
  diagnosisCommand: () => ({
    ...alone,
    answers: {
      preview_mend: () =>
        mendPreview({
          title: 'Restart the engine of local',
          sentence: 'The engine does not answer, and only its service can be restarted.',
          steps: [],
          affected: ['my-runtime', 'eval'],
          command: 'sudo systemctl restart docker',
        }),
    },
  }),
}
