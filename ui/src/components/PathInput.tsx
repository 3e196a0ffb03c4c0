import { Button, Input, type InputProps, Tooltip } from '@fluentui/react-components'
import { DocumentSearch20Regular, FolderSearch20Regular } from '@fluentui/react-icons'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { type Choice, choosePath, problemOf } from '../backend'
import { useNotify } from './notify'

/** A path that is typed, pasted, or chosen in the system's own dialog. */
export function PathInput({
  choice,
  onChange,
  onChoose,
  ...input
}: Omit<InputProps, 'onChange' | 'contentAfter'> & {
  choice: Choice
  /** It is another one: typed or chosen. */
  onChange: (path: string) => void
  /** It was chosen, so it is whole. */
  onChoose?: (path: string) => void
}) {
  const { t } = useTranslation()
  const notify = useNotify()
  const name = t(choice.kind === 'folder' ? 'chooseFolder' : 'chooseFile')
  // The window goes on behind the dialog: a second press opens no second one.
  const choosing = useRef(false)
  const choose = async () => {
    if (choosing.current) return
    choosing.current = true
    try {
      const path = await choosePath(choice)
      if (path === null) return
      onChange(path)
      onChoose?.(path)
    } catch (error) {
      notify.problem(problemOf(error))
    } finally {
      choosing.current = false
    }
  }
  return (
    <Input
      {...input}
      autoComplete="off"
      spellCheck={false}
      onChange={(_, { value }) => onChange(value)}
      contentAfter={
        <Tooltip content={name} relationship="label">
          <Button
            size="small"
            appearance="transparent"
            icon={
              choice.kind === 'folder' ? <FolderSearch20Regular /> : <DocumentSearch20Regular />
            }
            onClick={choose}
          />
        </Tooltip>
      }
    />
  )
}
