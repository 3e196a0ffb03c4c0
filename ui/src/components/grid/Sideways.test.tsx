import { fireEvent, render, screen } from '@testing-library/react'
import { afterEach, expect, it } from 'vitest'
import { Sideways } from './Sideways'

const scrollWidth = Object.getOwnPropertyDescriptor(Element.prototype, 'scrollWidth')

afterEach(() => {
  if (scrollWidth) Object.defineProperty(Element.prototype, 'scrollWidth', scrollWidth)
})

/** Scrolls what is shown to this place, where its content has this width; its own is 1,200 pixels. */
function moreOf(width: number, left: number): string | undefined {
  Object.defineProperty(Element.prototype, 'scrollWidth', { configurable: true, value: width })
  const scroller = screen.getByRole('region', { name: 'Steps' })
  scroller.scrollLeft = left
  fireEvent.scroll(scroller)
  return scroller.dataset.more
}

it('tells at which ends there is more, and can be reached with the keys', () => {
  render(
    <Sideways label="Steps">
      <table />
    </Sideways>,
  )
  expect(screen.getByRole('region', { name: 'Steps' })).toHaveAttribute('tabindex', '0')
  expect(moreOf(2000, 0)).toBe('after')
  expect(moreOf(2000, 300)).toBe('both')
  expect(moreOf(2000, 800)).toBe('before')
  expect(moreOf(1200, 0)).toBeUndefined()
})
