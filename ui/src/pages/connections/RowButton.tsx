import { Button, Tooltip } from '@fluentui/react-components'
import type { ReactElement } from 'react'

/** What is done with a row; in words on its tooltip, and for those who hear it. */
export function RowButton({
  label,
  icon,
  onClick,
}: {
  label: string
  icon: ReactElement
  onClick: () => void
}) {
  return (
    <Tooltip content={label} relationship="label">
      <Button size="small" appearance="subtle" icon={icon} onClick={onClick} />
    </Tooltip>
  )
}
