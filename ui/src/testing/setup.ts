import '@testing-library/jest-dom/vitest'
import { cleanup, configure } from '@testing-library/react'
import { afterEach } from 'vitest'
import { removeFakeIpc } from '../backend/fakeIpc'
import { forgetLive } from '../state/live'

/** jsdom lays nothing out: virtual lists get a window of this size. */
Object.defineProperty(HTMLElement.prototype, 'offsetHeight', { configurable: true, value: 800 })
Object.defineProperty(HTMLElement.prototype, 'offsetWidth', { configurable: true, value: 1200 })

/** Fluent's keyboard helpers count what has no offset parent as invisible. */
Object.defineProperty(HTMLElement.prototype, 'offsetParent', {
  configurable: true,
  get(this: HTMLElement) {
    return this.parentElement
  },
})

/** The whole document in each message hides the message. */
configure({ getElementError: (message) => new Error(message?.split('\n', 1)[0]) })

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
