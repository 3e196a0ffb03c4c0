import { Button, Tooltip } from '@fluentui/react-components'
import { Checkmark16Regular, Copy16Regular } from '@fluentui/react-icons'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { copyText, problemOf } from '../backend'
import { useNotify } from './notify'

/** Copies a text; `name` says of what, for the button's name. */
export function CopyButton({ text, name }: { text: string; name: string }) {
  const { t } = useTranslation()
  const notify = useNotify()
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 2000)
    return () => clearTimeout(timer)
  }, [copied])
  const label = copied ? t('copied') : t('copyNamed', { name })
  return (
    <Tooltip content={label} relationship="label">
      <Button
        size="small"
        appearance="transparent"
        icon={copied ? <Checkmark16Regular /> : <Copy16Regular />}
        onClick={(event) => {
          event.stopPropagation()
          copyText(text).then(
            () => setCopied(true),
            (error) => notify.problem(problemOf(error), t('notCopied')),
          )
        }}
      />
    </Tooltip>
  )
}
