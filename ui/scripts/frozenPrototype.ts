import type { Plugin } from 'vite'

/** What is written in a package that does not bear a frozen `Object.prototype`, and what stands for it. */
interface Mend {
  file: RegExp
  before: string
  after: string
}

const MENDS: readonly Mend[] = [
  // Comes with the graph of flows, and with charts.
  {
    file: /node_modules\/d3-color\/.*\.m?js$/,
    before: 'prototype.constructor = constructor;',
    after:
      "Object.defineProperty(prototype, 'constructor', { value: constructor, writable: true, configurable: true });",
  },
  // Comes with charts. With a property of its own, what follows may be assigned.
  {
    file: /node_modules\/d3-format\/.*\.m?js$/,
    before: 'FormatSpecifier.prototype.toString = ',
    after:
      "Object.defineProperty(FormatSpecifier.prototype, 'toString', { value: undefined, writable: true, configurable: true });\nFormatSpecifier.prototype.toString = ",
  },
]

/**
 * The window freezes `Object.prototype`, after which nothing may be assigned to an inherited `constructor` or
 * `toString`. Some packages do so when they are loaded; here they define it instead. A version of one that is
 * written otherwise ends the build rather than the page.
 */
export function frozenPrototype(): Plugin {
  return {
    name: 'frozen-prototype',
    transform: {
      filter: { id: MENDS.map(({ file }) => file) },
      handler(code, id) {
        const mend = MENDS.find(({ file }) => file.test(id))
        if (!mend?.before || !code.includes(mend.before)) {
          this.error(`${id} has changed: look at frozenPrototype.ts`)
        }
        return { code: code.replace(mend.before, mend.after), map: null }
      },
    },
  }
}
