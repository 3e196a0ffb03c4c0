import { Fragment } from 'react'

/** A path or the reference of an image: a line of it ends after one of its separators. */
export function Breaking({ children }: { children: string }) {
  return children.split(/(?<=[/:@])/).map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text never move
    <Fragment key={index}>
      {index > 0 ? <wbr /> : null}
      {part}
    </Fragment>
  ))
}
