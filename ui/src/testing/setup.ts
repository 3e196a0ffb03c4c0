import '@testing-library/jest-dom/vitest'
import { cleanup, configure } from '@testing-library/react'
import { afterEach } from 'vitest'
import { removeFakeIpc } from '../backend/fakeIpc'
import { forgetLive } from '../state/live'

/** jsdom lays nothing out: each element gets a window's size, which is enough for virtual lists. */
for (const [name, value] of [
  ['offsetHeight', 800],
  ['offsetWidth', 1200],
  ['clientHeight', 800],
  ['clientWidth', 1200],
] as const) {
  Object.defineProperty(HTMLElement.prototype, name, { configurable: true, value })
}

/** Fluent's keyboard helpers take everything for invisible while the body has no size. */
document.body.getBoundingClientRect = () => ({
  x: 0,
  y: 0,
  top: 0,
  left: 0,
  right: 1200,
  bottom: 800,
  width: 1200,
  height: 800,
  toJSON: () => '',
})

/** Fluent's keyboard helpers count what has no offset parent as invisible. */
Object.defineProperty(HTMLElement.prototype, 'offsetParent', {
  configurable: true,
  get(this: HTMLElement) {
    return this.parentElement
  },
})

/**
 * Nothing is laid out here, so of the rules of a style sheet only those count that hide something: whoever asks
 * what a role or a name is matches each element against all of them, which was most of a test's time.
 */
const insertRule = CSSStyleSheet.prototype.insertRule
CSSStyleSheet.prototype.insertRule = function (rule, index) {
  if (!/display:\s*none|visibility:\s*hidden/.test(rule)) return 0
  return insertRule.call(this, rule, Math.min(index ?? 0, this.cssRules.length))
}

/** The whole document in each message hides the message. */
configure({
  // A machine that builds beside the tests is slow, which is no failure of the page.
  asyncUtilTimeout: 5_000,
  getElementError: (message) => new Error(message?.split('\n', 1)[0]),
})

/** Where nothing is laid out, nothing scrolls. */
Element.prototype.scrollIntoView ??= () => undefined

class ResizeObserverWithoutLayout {
  observe() {}
  unobserve() {}
  disconnect() {}
}
globalThis.ResizeObserver ??= ResizeObserverWithoutLayout

window.matchMedia ??= (media: string) =>
  ({
    media,
    matches: false,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }) as unknown as MediaQueryList

afterEach(() => {
  cleanup()
  removeFakeIpc()
  forgetLive()
})
