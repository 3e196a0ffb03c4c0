import { useEffect } from 'react'

/** How many elements that had the focus are remembered. */
const REMEMBERED = 30

/** Milliseconds for who gives the focus on by itself: a page's heading, a dialog that closes. */
const PATIENCE = 60

/** The dialog on top, while one is open. */
function openDialog(): Element | null {
  return [...document.querySelectorAll('[role=dialog],[role=alertdialog]')].at(-1) ?? null
}

function canTake(element: HTMLElement): boolean {
  return (
    element.isConnected &&
    !element.closest('[hidden],[inert]') &&
    !(element as HTMLButtonElement).disabled
  )
}

/** Where the focus goes when the element that had it is gone. */
function successor(remembered: readonly HTMLElement[]): HTMLElement | null {
  const dialog = openDialog()
  const last = remembered.findLast(
    (element) => canTake(element) && (dialog === null || dialog.contains(element)),
  )
  if (last) return last
  return dialog === null
    ? document.querySelector<HTMLElement>('main h1[tabindex], #main')
    : dialog.querySelector<HTMLElement>('button:not([disabled]),input,[tabindex="0"]')
}

/**
 * Keeps the focus of those who use keys: when the element that has it goes away (a dialog that closes,
 * a button that an answer replaces), the last one before it that is still there takes it.
 */
export function useKeptFocus(): void {
  useEffect(() => {
    let remembered: HTMLElement[] = []
    let timer = 0
    const remember = ({ target }: FocusEvent) => {
      if (!(target instanceof HTMLElement) || target === document.body) return
      remembered = [...remembered.filter((one) => one !== target && one.isConnected), target].slice(
        -REMEMBERED,
      )
    }
    const isLost = () => {
      const last = remembered.at(-1)
      // A click beside everything takes the focus away as well; then its element is still there.
      return document.activeElement === document.body && last !== undefined && !canTake(last)
    }
    const look = () => {
      if (timer !== 0 || !isLost()) return
      timer = window.setTimeout(() => {
        timer = 0
        if (isLost()) successor(remembered)?.focus({ preventScroll: true })
      }, PATIENCE)
    }
    document.addEventListener('focusin', remember)
    const observer = new MutationObserver(look)
    observer.observe(document.body, { childList: true, subtree: true })
    return () => {
      document.removeEventListener('focusin', remember)
      observer.disconnect()
      window.clearTimeout(timer)
    }
  }, [])
}
