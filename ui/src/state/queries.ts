import {
  QueryClient,
  queryOptions,
  type UseMutationResult,
  type UseQueryResult,
  useMutation,
  useQuery,
} from '@tanstack/react-query'
import { type CommandName, call, type ProblemError, type Request, type Response } from '../backend'

declare module '@tanstack/react-query' {
  interface Register {
    defaultError: ProblemError
  }
}

/** Commands that only read; the others go through `useAction`. */
export type ReadCommand =
  | 'app_info'
  | 'settings'
  | 'list_computes'
  | 'first_run'
  | 'list_runtimes'
  | 'runtime_detail'
  | 'runtime_packages'
  | 'runtime_history'
  | 'list_operations'
  | 'check_version'
  | 'list_versions'
  | 'preview_image'
  | 'propose_runtime'
  | 'check_draft'
  | 'preflight'
  | 'preview_update'
  | 'preview_roll_back'
  | 'configuration'
  | 'preview_configuration'
  | 'preview_delete'
  | 'diagnosis'
  | 'preview_mend'
  | 'preview_support'
  | 'registry_logins'
  | 'preview_update_all'
  | 'update_series'
  | 'update_policy'
  | 'foreign_containers'
  | 'disk'
  | 'list_environments'
  | 'environment_history'
  | 'environment_version'
  | 'check_environment'
  | 'read_requirements'
  | 'preview_build'
  | 'preview_add_packages'
  | 'list_connections'
  | 'check_connection'
  | 'list_flows'
  | 'flow'
  | 'read_flow_file'
  | 'flow_runtimes'
  | 'check_flow_inputs'
  | 'check_flow_fit'
  | 'list_flow_runs'
  | 'flow_run'
  | 'flow_run_part'
  | 'preview_batch'
  | 'count_rows'
  | 'list_batches'
  | 'batch'
  | 'batch_rows'
  | 'batch_row'
  | 'batch_failures'
  | 'batch_latency'
  | 'compare_batches'

/** The one cache of answers. Keys are command and request; changes told by `watch` refresh them. */
export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The application tells what changed; asking again by the clock would only cost.
        staleTime: 30_000,
        retry: false,
        refetchOnWindowFocus: false,
        // There is no network between this window and the application.
        networkMode: 'always',
      },
      mutations: { retry: false, networkMode: 'always' },
    },
  })
}

/** How one question is asked and kept. */
export function question<C extends ReadCommand>(command: C, request: Request<C>) {
  return queryOptions<Response<C>, ProblemError>({
    queryKey: [command, request],
    queryFn: () => call(command, request),
  })
}

export interface AskOptions {
  enabled?: boolean
  /** Milliseconds for which an answer counts as new. */
  staleTime?: number
  /** Shows the last request's answer until the new one is there. */
  keepPrevious?: boolean
}

/** Asks and keeps the answer up to date. */
export function useAsk<C extends ReadCommand>(
  command: C,
  request: Request<C>,
  options: AskOptions = {},
): UseQueryResult<Response<C>, ProblemError> {
  const { enabled, staleTime, keepPrevious } = options
  return useQuery({
    ...question(command, request),
    ...(enabled === undefined ? {} : { enabled }),
    ...(staleTime === undefined ? {} : { staleTime }),
    ...(keepPrevious
      ? { placeholderData: (previous: Response<C> | undefined) => previous as never }
      : {}),
  })
}

/** A command that changes something. `mutate(request)`; its error is a `ProblemError`. */
export function useAction<C extends CommandName>(
  command: C,
): UseMutationResult<Response<C>, ProblemError, Request<C>> {
  return useMutation<Response<C>, ProblemError, Request<C>>({
    mutationFn: (request) => call(command, request),
  })
}
