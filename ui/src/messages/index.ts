import i18next, { type i18n } from 'i18next'
import { initReactI18next } from 'react-i18next'
import activity from './en/activity.json'
import adopt from './en/adopt.json'
import batch from './en/batch.json'
import batchCompare from './en/batchCompare.json'
import batches from './en/batches.json'
import batchForm from './en/batchForm.json'
import common from './en/common.json'
import computes from './en/computes.json'
import configuration from './en/configuration.json'
import connections from './en/connections.json'
import decision from './en/decision.json'
import diagnostics from './en/diagnostics.json'
import disk from './en/disk.json'
import environment from './en/environment.json'
import environmentDetail from './en/environmentDetail.json'
import environmentForm from './en/environmentForm.json'
import environments from './en/environments.json'
import fields from './en/fields.json'
import firstrun from './en/firstrun.json'
import flow from './en/flow.json'
import flowConnections from './en/flowConnections.json'
import flowRun from './en/flowRun.json'
import flows from './en/flows.json'
import log from './en/log.json'
import logs from './en/logs.json'
import operation from './en/operation.json'
import packages from './en/packages.json'
import policy from './en/policy.json'
import problems from './en/problems.json'
import runtime from './en/runtime.json'
import runtimes from './en/runtimes.json'
import series from './en/series.json'
import settings from './en/settings.json'
import support from './en/support.json'
import update from './en/update.json'
import updateAll from './en/updateAll.json'
import wizard from './en/wizard.json'

/** One file a page; the key of each is its namespace. */
export const english = {
  activity,
  adopt,
  batch,
  batchCompare,
  batches,
  batchForm,
  common,
  computes,
  configuration,
  connections,
  decision,
  diagnostics,
  disk,
  environment,
  environmentDetail,
  environmentForm,
  environments,
  fields,
  firstrun,
  flowConnections,
  flow,
  flowRun,
  flows,
  log,
  logs,
  operation,
  packages,
  policy,
  problems,
  runtime,
  runtimes,
  series,
  settings,
  support,
  update,
  updateAll,
  wizard,
}

/** The texts on screen, ready when this module is loaded. */
export const messages: i18n = i18next.createInstance()

messages.use(initReactI18next).init({
  lng: 'en',
  fallbackLng: 'en',
  resources: { en: english },
  defaultNS: 'common',
  initAsync: false,
  // React escapes by itself.
  interpolation: { escapeValue: false },
  returnNull: false,
})
