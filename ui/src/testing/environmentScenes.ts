import * as made from './environmentFixtures'
import type { World } from './fakeBackend'
import * as fixtures from './fixtures'

/** Scenes of the pages about environments: `?scene=NAME#/environments…`. */
export const environmentScenes: Record<string, () => Partial<World>> = {
  noEnvironments: () => ({ environments: [] }),
  /** The list with every state, and a folder that cannot be read. */
  environments: () => ({
    unreadable: made.environments().unreadable,
    operations: [made.buildOperation()],
  }),
  environmentsLoading: () => ({
    answers: { list_environments: () => new Promise<never>(() => undefined) },
  }),
  environmentsFailed: () => ({
    answers: {
      list_environments: () => {
        throw fixtures.problem({
          code: 'storage',
          sentence: 'The folder of the environments cannot be read.',
          hints: ['Check its rights, then try again.'],
          retry: true,
        })
      },
    },
  }),
  /** `#/environments/environment-rag`, and `#/environments/environment-building?tab=build`. */
  buildRuns: () => ({ operations: [made.buildOperation()] }),
  /** `#/environments/environment-private-packages`, and `/edit`; `…-with-login` alike. */
  secrets: () => ({
    environments: [made.withSecrets(), made.withLogin()],
  }),
  /** Saving either of them with a value. */
  keyringLocked: () => ({
    environments: [made.withSecrets(), made.withLogin()],
    answers: {
      keep_build_secret: () => {
        throw fixtures.problem({
          code: 'keyring',
          sentence: 'The keyring is locked.',
          hints: ['Unlock it.'],
          retry: true,
        })
      },
    },
  }),
  /** `#/environments/environment-rag?tab=build`. */
  buildFailed: () => ({
    environments: [made.rag()],
    operations: [made.failedBuild({ environment: 'environment-rag', name: 'rag' })],
  }),
  /** `#/environments/environment-rag?build=newest`. */
  buildPreview: () => ({
    answers: {
      preview_build: () =>
        made.buildPreview({
          changes: [{ line: 1, from: 'FROM python:3.11-slim', to: 'FROM python:3.12-slim' }],
          problems: [],
        }),
    },
  }),
  /** `#/environments/environment-rag?build=open`. */
  buildHindered: () => ({
    answers: {
      preview_build: () =>
        made.buildPreview({
          problems: [
            fixtures.problem({
              code: 'diskFull',
              sentence: 'Only 300 MB are free where local keeps its images.',
              hints: ['Remove images that nothing uses, then look again.'],
            }),
          ],
          bases: [
            {
              reference: 'registry.example.com/team/python:3.11',
              digest: '',
              usedDigest: null,
              downloadSize: null,
              problem: fixtures.problem({
                code: 'registryDenied',
                sentence: 'registry.example.com refuses to hand out this image.',
                hints: ['Add a login for this registry.'],
              }),
            },
          ],
        }),
    },
  }),
}
