import { Link, type LinkProps } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import { useNavigate } from 'react-router'
import { openUrl, problemOf } from '../backend'
import { useNotify } from './notify'

/** A link to a page of this application. */
export function GoLink({
  to,
  children,
  inline,
  className,
}: {
  to: string
  children: ReactNode
  inline?: boolean
  className?: string
}) {
  const navigate = useNavigate()
  const props: LinkProps = {
    ...(inline ? { inline } : {}),
    ...(className ? { className } : {}),
  }
  return (
    <Link
      {...props}
      href={`#${to}`}
      onClick={(event) => {
        event.preventDefault()
        navigate(to)
      }}
    >
      {children}
    </Link>
  )
}

/** A link that opens in the person's browser. */
export function OutLink({
  url,
  children,
  className,
  title,
}: {
  url: string
  children: ReactNode
  className?: string
  /** All of what may be cut off. */
  title?: string
}) {
  const notify = useNotify()
  return (
    <Link
      href={url}
      {...(className ? { className } : {})}
      {...(title ? { title } : {})}
      onClick={(event) => {
        event.preventDefault()
        event.stopPropagation()
        openUrl(url).catch((error) => notify.problem(problemOf(error)))
      }}
    >
      {children}
    </Link>
  )
}
