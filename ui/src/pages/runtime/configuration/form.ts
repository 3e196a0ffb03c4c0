import type { ConfigurationDraft, ConfigurationView } from '../../../backend/types'
import {
  accessAndLimits,
  mountRequests,
  type SettingsForm,
  type SettingsProblem,
  settingsProblems,
} from '../../../components/settings/settingsForm'

/** The fields of the Configuration tab as typed. */
export interface ConfigurationForm extends SettingsForm {
  description: string
}

/** Bytes as they are typed: whole units, so that nothing is rounded. */
export function sizeText(bytes: number | null): string {
  if (bytes === null) return ''
  const units: ReadonlyArray<readonly [string, number]> = [
    ['GB', 1024 ** 3],
    ['MB', 1024 ** 2],
    ['KB', 1024],
  ]
  const unit = units.find(([, size]) => bytes % size === 0)
  return unit ? `${bytes / unit[1]} ${unit[0]}` : `${bytes} B`
}

/** What the form begins with. */
export function formOf(view: ConfigurationView): ConfigurationForm {
  return {
    description: view.description,
    hostPort: view.hostPort === 0 ? '' : String(view.hostPort),
    bindAddress: view.bindAddress,
    confirmedExposure: false,
    memoryLimit: sizeText(view.memoryLimit),
    cpuLimit: view.cpuLimit === null ? '' : String(view.cpuLimit),
    variables: view.variables.map((name, at) => ({
      key: at + 1,
      name,
      value: null,
      confirmed: false,
      there: true,
    })),
    mounts: view.mounts.map((mount, at) => ({ key: at + 1, ...mount })),
    restartPolicy: view.restartPolicy,
  }
}

/** What is sent of a form. */
export function draftOf(form: ConfigurationForm): ConfigurationDraft {
  return {
    description: form.description.trim(),
    ...accessAndLimits(form),
    variables: form.variables.map(({ name, value, confirmed }) => ({
      name: name.trim(),
      value,
      confirmed,
    })),
    mounts: mountRequests(form.mounts),
    restartPolicy: form.restartPolicy,
  }
}

/** Whether something was typed that would be lost. */
export function isDirty(form: ConfigurationForm, view: ConfigurationView): boolean {
  return JSON.stringify(draftOf(form)) !== JSON.stringify(draftOf(formOf(view)))
}

/** One list on two others: what was taken out, changed or added between `old` and `typed`, done to `now`. */
function mergeRows<Row extends { key: number }>(
  typed: readonly Row[],
  old: readonly Row[],
  now: readonly Row[],
  nameOf: (row: Row) => string,
  added: (row: Row, there: Row | undefined) => Row,
): Row[] {
  const same = (one: Row, other: Row | undefined) =>
    other !== undefined &&
    JSON.stringify({ ...one, key: 0 }) === JSON.stringify({ ...other, key: 0 })
  const find = (rows: readonly Row[], row: Row) =>
    rows.find((other) => nameOf(other) === nameOf(row))
  const removed = old.filter((row) => !find(typed, row))
  const changed = typed.filter((row) => !same(row, find(old, row)))
  const kept = now.filter((row) => !find(removed, row) && !find(changed, row))
  const rows = [...kept, ...changed.map((row) => added(row, find(now, row)))]
  return rows.map((row, at) => ({ ...row, key: at + 1 }))
}

/**
 * What was typed, on what the runtime has by now: fields that were not touched since `old` take the
 * new value, so that nobody else's change is undone.
 */
export function onto(
  form: ConfigurationForm,
  old: ConfigurationView,
  now: ConfigurationView,
): ConfigurationForm {
  const [before, after] = [formOf(old), formOf(now)]
  const untouched = <K extends keyof ConfigurationForm>(field: K) =>
    form[field] === before[field] ? after[field] : form[field]
  return {
    description: untouched('description'),
    hostPort: untouched('hostPort'),
    bindAddress: untouched('bindAddress'),
    confirmedExposure: form.confirmedExposure,
    memoryLimit: untouched('memoryLimit'),
    cpuLimit: untouched('cpuLimit'),
    restartPolicy: untouched('restartPolicy'),
    variables: mergeRows(
      form.variables,
      before.variables,
      after.variables,
      ({ name }) => name.trim(),
      (row, there) => ({ ...row, there: there !== undefined }),
    ),
    mounts: mergeRows(
      form.mounts,
      before.mounts,
      after.mounts,
      ({ target }) => target.trim(),
      (row) => row,
    ),
  }
}

/** What is wrong with what was typed, before the application is asked. */
export function localProblems(
  form: ConfigurationForm,
  view: ConfigurationView,
): Map<string, SettingsProblem> {
  return settingsProblems(form, view.bindAddress)
}

const ORDER = [
  'description',
  'hostPort',
  'bindAddress',
  'confirmedExposure',
  'memoryLimit',
  'cpuLimit',
  'variables',
  'mounts',
  'restartPolicy',
]

/** The first row of a list, or the list's own button where it has none. */
export function firstOf(
  list: 'variables' | 'mounts',
  of: { [L in 'variables' | 'mounts']: readonly unknown[] },
): string {
  return of[list].length > 0 ? `${list}.0` : list
}

/** The first field on screen that has a problem. */
export function firstField(fields: Iterable<string>): string | undefined {
  const place = (field: string) => {
    const [list = field, row] = field.split('.')
    return ORDER.indexOf(list) * 1000 + Number(row ?? 0)
  }
  return [...fields].sort((one, other) => place(one) - place(other))[0]
}

/** The id of a field's control on the tab. */
export const idOf = (field: string): string => `configuration-${field.replaceAll('.', '-')}`
