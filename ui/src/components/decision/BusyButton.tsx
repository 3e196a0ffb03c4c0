import { Button, type ButtonProps, Spinner } from '@fluentui/react-components'

/** The button that decides; while what was decided begins it stays where it is and tells so. */
export function BusyButton({ busy, ...props }: ButtonProps & { busy: boolean }) {
  return (
    <Button
      appearance="primary"
      {...(busy ? { icon: <Spinner size="extra-tiny" aria-hidden="true" /> } : {})}
      {...props}
    />
  )
}
