import i18next, { type i18n } from 'i18next'
import { initReactI18next } from 'react-i18next'
import activity from './en/activity.json'
import common from './en/common.json'
import computes from './en/computes.json'
import configuration from './en/configuration.json'
import connections from './en/connections.json'
import decision from './en/decision.json'
import environment from './en/environment.json'
import fields from './en/fields.json'
import firstrun from './en/firstrun.json'
import operation from './en/operation.json'
import policy from './en/policy.json'
import problems from './en/problems.json'
import runtime from './en/runtime.json'
import runtimes from './en/runtimes.json'
import series from './en/series.json'
import settings from './en/settings.json'
import update from './en/update.json'
import updateAll from './en/updateAll.json'
import wizard from './en/wizard.json'

/** One file a page; the key of each is its namespace. */
export const english = {
  activity,
  common,
  computes,
  configuration,
  connections,
  decision,
  environment,
  fields,
  firstrun,
  operation,
  policy,
  problems,
  runtime,
  runtimes,
  series,
  settings,
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
