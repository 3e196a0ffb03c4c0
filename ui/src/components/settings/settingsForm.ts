import type { MountRequest, Problem, RestartPolicy } from '../../backend/types'

/** A row of the variables; the key tells rows apart while they are typed. */
export interface VariableRow {
  key: number
  name: string
  /** `null` = the value that the runtime has is kept. */
  value: string | null
  confirmed: boolean
  /** The runtime has this variable: its name stays, its value may be kept. */
  there?: boolean
}

/** A row of the mounts. */
export interface MountRow {
  key: number
  source: string
  target: string
  readOnly: boolean
}

/** Settings as typed: numbers and sizes are texts until they are sent. */
export interface SettingsForm {
  hostPort: string
  bindAddress: string
  confirmedExposure: boolean
  memoryLimit: string
  cpuLimit: string
  variables: VariableRow[]
  mounts: MountRow[]
  restartPolicy: RestartPolicy
}

/** By field, what is wrong with it, in a sentence. */
export type FieldProblems = ReadonlyMap<string, string>

/** What every group of fields takes. */
export interface FieldsProps {
  form: SettingsForm
  problems: FieldProblems
  /** The id of a field's control. */
  idOf: (field: string) => string
  /** What was typed, and in which field; `added` for a row that is still empty. */
  onChange: (field: string, change: Partial<SettingsForm>) => void
}

/** The first sentence about each field. */
export function sentences(problems: readonly Problem[]): Map<string, string> {
  const byField = new Map<string, string>()
  for (const { field, sentence, hints } of problems) {
    if (field && !byField.has(field)) byField.set(field, [sentence, ...hints].join(' '))
  }
  return byField
}

const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  k: 1024,
  kb: 1024,
  m: 1024 ** 2,
  mb: 1024 ** 2,
  g: 1024 ** 3,
  gb: 1024 ** 3,
  t: 1024 ** 4,
  tb: 1024 ** 4,
}

/** Bytes of a size as people write it, `4 GB`, `512m`; without a unit it means GB. `null` = no size. */
export function parseSize(text: string): number | null {
  const match = /^(\d+(?:[.,]\d+)?)\s*([a-z]{0,3})$/.exec(text.trim().toLowerCase())
  if (!match?.[1]) return null
  const unit = match[2] ? UNITS[match[2].replace('ib', 'b')] : UNITS.gb
  if (unit === undefined) return null
  return Math.round(Number(match[1].replace(',', '.')) * unit)
}

/** A whole number from 1 to 65535, or `null`. */
export function parsePort(text: string): number | null {
  const trimmed = text.trim()
  if (!/^\d{1,5}$/.test(trimmed)) return null
  const port = Number(trimmed)
  return port >= 1 && port <= 65535 ? port : null
}

/** A number of CPUs, or `null`. */
export function parseCpus(text: string): number | null {
  const trimmed = text.trim().replace(',', '.')
  return /^\d*\.?\d+$/.test(trimmed) ? Number(trimmed) : null
}

/** Whether only the compute's own machine reaches this address. */
export function isLoopback(address: string): boolean {
  const trimmed = address.trim()
  return /^127(\.\d{1,3}){3}$/.test(trimmed) || trimmed === '::1'
}

const PROBLEMS = ['port', 'memory', 'cpus', 'exposure'] as const

/** Problems of settings that need no look at the compute. */
export type SettingsProblem = (typeof PROBLEMS)[number]

export function isSettingsProblem(problem: string): problem is SettingsProblem {
  return (PROBLEMS as readonly string[]).includes(problem)
}

/** What is wrong with settings as typed, by field. `boundTo` is an address that is confirmed already. */
export function settingsProblems(
  form: SettingsForm,
  boundTo: string | null = null,
): Map<string, SettingsProblem> {
  const problems = new Map<string, SettingsProblem>()
  const typed = (text: string) => text.trim() !== ''
  if (typed(form.hostPort) && parsePort(form.hostPort) === null) problems.set('hostPort', 'port')
  if (typed(form.memoryLimit) && parseSize(form.memoryLimit) === null) {
    problems.set('memoryLimit', 'memory')
  }
  if (typed(form.cpuLimit) && parseCpus(form.cpuLimit) === null) problems.set('cpuLimit', 'cpus')
  const exposed = typed(form.bindAddress) && !isLoopback(form.bindAddress)
  if (exposed && form.bindAddress.trim() !== boundTo && !form.confirmedExposure) {
    problems.set('confirmedExposure', 'exposure')
  }
  return problems
}

/** What is sent of access and limits. Fields with a problem are sent as if they were empty. */
export function accessAndLimits(form: SettingsForm) {
  return {
    hostPort: parsePort(form.hostPort) ?? 0,
    bindAddress: form.bindAddress.trim(),
    confirmedExposure: form.confirmedExposure && !isLoopback(form.bindAddress),
    memoryLimit: form.memoryLimit.trim() ? parseSize(form.memoryLimit) : null,
    cpuLimit: form.cpuLimit.trim() ? parseCpus(form.cpuLimit) : null,
  }
}

/** What is sent of mounts. */
export function mountRequests(rows: readonly MountRow[]): MountRequest[] {
  return rows.map(({ source, target, readOnly }) => ({
    source: source.trim(),
    target: target.trim(),
    readOnly,
  }))
}
