import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import { call, problemOf } from '../../backend'
import type { Runtime } from '../../backend/types'
import { useNotify } from '../../components/notify'
import { isMending, type Mending, type RemedyHandlers } from '../../problems/remedies'

export type ShortAction = 'start' | 'stop' | 'restart'

const command = {
  start: 'start_runtime',
  stop: 'stop_runtime',
  restart: 'restart_runtime',
} as const

/** Whether an action makes sense as the runtime stands. */
export function canDo(runtime: Runtime, action: ShortAction): boolean {
  if (runtime.operation !== null || runtime.lock !== null) return false
  const down = runtime.status === 'Stopped' || (runtime.status === 'Failed' && !runtime.started)
  switch (action) {
    case 'start':
      return down
    case 'stop':
    case 'restart':
      return !down && runtime.status !== 'Updating' && runtime.status !== 'Stopping'
  }
}

/** Starts, stops and restarts; what goes wrong at once is told by a toast. */
export function useRuntimeActions() {
  const { t } = useTranslation(['runtime', 'common'])
  const notify = useNotify()
  const navigate = useNavigate()
  const run = (action: ShortAction, runtime: Runtime) => {
    call(command[action], { runtime: runtime.id }).catch((error) =>
      notify.problem(
        problemOf(error),
        t(`common:operationFailed.${action}`, { name: runtime.name }),
      ),
    )
  }
  /** What the remedies of a runtime's finding do. */
  const remediesOf = (runtime: Runtime): RemedyHandlers => {
    const mend = (remedy: Mending) => navigate(paths.mend(runtime.id, remedy))
    return {
      ...(canDo(runtime, 'start')
        ? { start: () => run('start', runtime), tryAgain: () => run('start', runtime) }
        : {}),
      ...(canDo(runtime, 'restart')
        ? { restart: () => run('restart', runtime), tryAgain: () => run('restart', runtime) }
        : {}),
      viewLogs: () => navigate(paths.runtime(runtime.id, 'logs')),
      chooseImage: () => navigate(paths.update(runtime.id)),
      choosePort: (remedy) =>
        navigate(
          isMending(remedy)
            ? paths.mend(runtime.id, remedy)
            : paths.configure(runtime.id, 'hostPort'),
        ),
      raiseMemory: (remedy) =>
        navigate(
          isMending(remedy)
            ? paths.mend(runtime.id, remedy)
            : paths.configure(runtime.id, 'memoryLimit'),
        ),
      pullImage: mend,
      recreate: mend,
      startWithExecutor: mend,
      listenOn: mend,
      restartEngine: mend,
      resetNetwork: mend,
      showDiagnosis: () => navigate(paths.runtime(runtime.id, 'diagnostics')),
      freeDisk: () => navigate(paths.disk(runtime.compute)),
      changeMounts: () => navigate(paths.configure(runtime.id, 'mounts')),
      changeVariables: () => navigate(paths.configure(runtime.id, 'variables')),
      useMirror: () => navigate(paths.settings),
      addLogin: ({ registry }) => navigate(paths.connections(registry)),
    }
  }
  return { run, remediesOf }
}
