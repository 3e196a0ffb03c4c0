import { makeStyles } from '@fluentui/react-components'
import { type RefObject, useEffect, useRef } from 'react'

/** How far an end fades. */
const FADE = '32px'

const useStyles = makeStyles({
  fades: {
    '&[data-more="after"]': {
      maskImage: `linear-gradient(to left, transparent, black ${FADE})`,
    },
    '&[data-more="before"]': {
      maskImage: `linear-gradient(to right, transparent, black ${FADE})`,
    },
    '&[data-more="both"]': {
      maskImage: `linear-gradient(to right, transparent, black ${FADE}, black calc(100% - ${FADE}), transparent)`,
    },
    // What tells where the focus is does not fade.
    '&:focus-visible': { maskImage: 'none' },
  },
})

/** Where there is more of what scrolls sideways: none of it is told where everything is seen. */
function tellMore(scroller: HTMLElement): void {
  const before = scroller.scrollLeft > 1
  const after = scroller.scrollLeft + scroller.clientWidth < scroller.scrollWidth - 1
  const more = before && after ? 'both' : before ? 'before' : after ? 'after' : undefined
  if (more === undefined) delete scroller.dataset.more
  else if (scroller.dataset.more !== more) scroller.dataset.more = more
}

/** For what scrolls sideways: an end behind which there is more fades, for not every system shows its scroll bars. */
export function useSideways<T extends HTMLElement>(): {
  scroller: RefObject<T | null>
  fades: string
} {
  const { fades } = useStyles()
  const scroller = useRef<T>(null)
  useEffect(() => {
    const element = scroller.current
    if (!element) return
    const look = () => tellMore(element)
    const sizes = new ResizeObserver(look)
    for (const one of [element, ...element.children]) sizes.observe(one)
    element.addEventListener('scroll', look, { passive: true })
    return () => {
      sizes.disconnect()
      element.removeEventListener('scroll', look)
    }
  }, [])
  return { scroller, fades }
}
