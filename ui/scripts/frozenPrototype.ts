import type { Plugin } from 'vite'

const BEFORE = 'prototype.constructor = constructor;'
const AFTER =
  "Object.defineProperty(prototype, 'constructor', { value: constructor, writable: true, configurable: true });"

/**
 * The window freezes `Object.prototype`, after which nothing may be assigned to an inherited
 * `constructor`. d3-color, which comes with the graph of flows, does so when it is loaded; here it defines
 * it instead. A version of it that is written otherwise ends the build rather than the page.
 */
export function frozenPrototype(): Plugin {
  return {
    name: 'frozen-prototype',
    transform: {
      filter: { id: /node_modules\/d3-color\/.*\.m?js$/ },
      handler(code) {
        if (!code.includes(BEFORE)) this.error('d3-color has changed: look at frozenPrototype.ts')
        return { code: code.replace(BEFORE, AFTER), map: null }
      },
    },
  }
}
