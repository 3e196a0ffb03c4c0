import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { paths } from '../../app/paths'
import type { ConnectionType, Runtime } from '../../backend/types'
import type { RemedyHandlers } from '../../problems/remedies'
import { ConnectionTrial } from '../connections/ConnectionTrial'
import { useConnectionTrial } from '../connections/useConnectionTrial'
import { AddPackagesDialog } from './packages/AddPackagesDialog'

/** What mends the findings that may come up on a runtime, beside its own actions: packages and connections. */
export function useFindingRemedies(
  runtime: Runtime | undefined,
  {
    typeOf,
    again,
    onRun,
  }: {
    /** The type that a connection has to have; `null` = not known. */
    typeOf?: ((connection: string) => ConnectionType | null) | undefined
    /** A run that is done again once its runtime has what it lacks. */
    again?: string | undefined
    /** That has begun. */
    onRun?: ((run: string) => void) | undefined
  } = {},
): {
  remedies: RemedyHandlers
  /** What the remedies show: the result of a test, a dialog. */
  parts: ReactNode
} {
  const { t } = useTranslation('problems')
  const navigate = useNavigate()
  const { trial, run: test } = useConnectionTrial()
  const [tested, setTested] = useState<string | null>(null)
  const [packages, setPackages] = useState<string[] | null>(null)
  const tryConnection = (name: string) => {
    setTested(name)
    void test({ original: name, draft: null, secrets: {}, file: null })
  }
  return {
    remedies: {
      ...(runtime ? { addPackages: ({ packages }) => setPackages(packages) } : {}),
      addConnection: ({ name }) => navigate(paths.addConnection(name, typeOf?.(name) ?? null)),
      testConnection: ({ name }) =>
        name === null ? navigate(paths.connections()) : tryConnection(name),
    },
    parts: (
      <>
        {tested !== null && trial ? (
          <section aria-label={t('tested', { name: tested })}>
            <ConnectionTrial name={tested} trial={trial} onRetry={() => tryConnection(tested)} />
          </section>
        ) : null}
        {packages && runtime ? (
          <AddPackagesDialog
            runtime={runtime}
            packages={packages}
            again={again}
            onRun={onRun}
            onClose={() => setPackages(null)}
          />
        ) : null}
      </>
    ),
  }
}
