import type {
  BatchDetail,
  BatchDraft,
  ConnectionOverride,
  FlowView,
  MappedInput,
  OtherColumns,
  Problem,
} from '../../backend/types'
import { given } from '../flow/draft'

/** What a person typed and chose for a batch run. */
export interface Form {
  name: string
  /** `null` = the one that the flow runs on. */
  runtimes: readonly string[] | null
  file: string
  other: string | null
  /** What the person wrote, by input; the others stand as they are proposed. */
  mapping: Readonly<Record<string, string>>
  /** By node, where it is not the default. */
  variants: Readonly<Record<string, string>>
  init: Readonly<Record<string, string>>
  connections: readonly ConnectionOverride[]
  /** As typed; empty = as it is proposed. */
  workers: string
  retries: string
  /** Empty = none, as with `rowLimit`. */
  stopAfter: string
  rowLimit: string
}

/** Settings that are typed as whole numbers. */
export const NUMBERS = ['workers', 'retries', 'stopAfter', 'rowLimit'] as const
export type NumberField = (typeof NUMBERS)[number]

export const emptyForm: Form = {
  name: '',
  runtimes: null,
  file: '',
  other: null,
  mapping: {},
  variants: {},
  init: {},
  connections: [],
  workers: '',
  retries: '0',
  stopAfter: '',
  rowLimit: '',
}

/** A form that begins as an earlier batch run. */
export function formOf({ batch, draft }: BatchDetail): Partial<Form> {
  const { lanes, file, other, mapping, variants, settings } = batch
  const { workers, retries, stopAfter, rowLimit } = settings
  return {
    runtimes: lanes.map(({ runtime }) => runtime),
    file,
    other,
    mapping: { ...(mapping as Record<string, string>) },
    variants: { ...(variants as Record<string, string>) },
    init: { ...(draft?.init as Record<string, string> | undefined) },
    connections: draft?.connections ?? [],
    workers: String(workers),
    retries: String(retries),
    stopAfter: stopAfter === null ? '' : String(stopAfter),
    rowLimit: rowLimit === null ? '' : String(rowLimit),
  }
}

/** Whether what is typed is no whole number; empty is none, where that may be. */
export function isWrongNumber(field: NumberField, typed: string): boolean {
  const text = typed.trim()
  return text === '' ? field === 'retries' : !/^\d{1,9}$/.test(text)
}

const numberOf = (field: NumberField, typed: string): number | null =>
  typed.trim() === '' || isWrongNumber(field, typed) ? null : Number(typed)

/** Without inputs that the flow does not have any more, as an earlier batch run may name them. */
function known(mapping: Form['mapping'], { model }: FlowView): Form['mapping'] {
  if (model === null) return mapping
  const names = new Set(model.inputs.map(({ name }) => name))
  return Object.fromEntries(Object.entries(mapping).filter(([name]) => names.has(name)))
}

/** What the application is asked with. */
export function draftOf(
  form: Form,
  view: FlowView,
  runtimes: readonly string[],
  proposed: { mapping: Readonly<Record<string, string>>; workers: number },
): BatchDraft {
  return {
    flow: view.flow,
    name: form.name.trim(),
    runtimes: [...runtimes],
    file: form.file.trim(),
    mapping: { ...proposed.mapping, ...known(form.mapping, view) },
    other: form.other,
    variants: { ...form.variants },
    connections: [...form.connections],
    init: given(view.init, form.init),
    settings: {
      workers: numberOf('workers', form.workers) ?? proposed.workers,
      retries: numberOf('retries', form.retries) ?? 0,
      stopAfter: numberOf('stopAfter', form.stopAfter),
      rowLimit: numberOf('rowLimit', form.rowLimit),
    },
  }
}

/** The part of a draft that a problem's field is about, as one text. */
function partOf(field: string, draft: BatchDraft): string {
  const { file, other, mapping, runtimes, settings, init } = draft
  if (field.startsWith('mapping.')) {
    return JSON.stringify([file, other, mapping[field.slice('mapping.'.length)] ?? ''])
  }
  if (field.startsWith('init.')) return init[field.slice('init.'.length)] ?? ''
  if (field === 'file' || field === 'other') return JSON.stringify([file, other])
  if (field === 'runtimes') return JSON.stringify(runtimes)
  const number = NUMBERS.find((one) => one === field)
  return number === undefined ? '' : String(settings[number])
}

/** Problems that are about what stands in the form now, not about what stood there when it was asked. */
export function stillTrue(
  problems: readonly Problem[],
  of: BatchDraft,
  now: BatchDraft,
): Problem[] {
  return problems.filter(({ field }) => field === null || partOf(field, of) === partOf(field, now))
}

/** Fields that stand somewhere in the form; other problems stand above it. */
export const hasPlace = (field: string | null): field is string =>
  field !== null &&
  /^(file|other|runtimes|workers|retries|stopAfter|rowLimit|mapping\..+|init\..+)$/.test(field)

/** What an input can be taken from, as it is written. */
export function sourcesOf(columns: readonly string[], other: OtherColumns | null): string[] {
  return [
    ...columns.map((name) => `\${data.${name}}`),
    ...(other?.outputs ?? []).map((name) => `\${run.outputs.${name}}`),
    ...(other?.inputs ?? []).map((name) => `\${run.inputs.${name}}`),
  ]
}

/** The inputs of a flow as its file says, until the application told them. */
export const inputsOf = ({ model }: FlowView): MappedInput[] =>
  (model?.inputs ?? []).map(({ name, written, default: preset, isChatHistory }) => ({
    name,
    kind: written,
    optional: preset !== null || isChatHistory,
  }))

/** Id of a field in the page. */
export const fieldId = (field: string) => `batch-${field}`
