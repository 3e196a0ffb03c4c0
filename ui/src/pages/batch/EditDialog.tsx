import { Field, Input, Textarea } from '@fluentui/react-components'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Batch } from '../../backend/types'
import { ConfirmDialog } from '../../components/decision/ConfirmDialog'
import { useAction } from '../../state'

/** Tags as they are typed, with commas between; each once. */
export const tagsOf = (typed: string): string[] => [
  ...new Set(
    typed
      .split(',')
      .map((tag) => tag.trim())
      .filter(Boolean),
  ),
]

/** What a person calls a batch run and says of it. */
export function EditDialog({ batch, onClose }: { batch: Batch; onClose: () => void }) {
  const { t } = useTranslation('batch')
  const client = useQueryClient()
  const [name, setName] = useState(batch.name)
  const [tags, setTags] = useState(batch.tags.join(', '))
  const [description, setDescription] = useState(batch.description)
  const describe = useAction('describe_batch')
  const missing = name.trim() === ''
  const save = () => {
    if (missing) {
      document.getElementById('batch-edit-name')?.focus()
      return
    }
    describe.mutate(
      { batch: batch.id, name: name.trim(), tags: tagsOf(tags), description: description.trim() },
      {
        onSuccess: () => {
          client.invalidateQueries({ queryKey: ['batch', { batch: batch.id }] })
          client.invalidateQueries({ queryKey: ['list_batches'] })
          onClose()
        },
      },
    )
  }
  return (
    <ConfirmDialog
      title={t('edit.title')}
      confirm={t('edit.save')}
      pending={describe.isPending}
      problem={describe.error?.problem ?? null}
      onConfirm={save}
      onClose={onClose}
    >
      <Field
        label={t('edit.name')}
        {...(missing ? { validationMessage: t('edit.nameMissing') } : {})}
      >
        <Input
          id="batch-edit-name"
          value={name}
          autoComplete="off"
          onChange={(_, { value }) => setName(value)}
        />
      </Field>
      <Field label={t('edit.tags')} hint={t('edit.tagsHint')}>
        <Input value={tags} autoComplete="off" onChange={(_, { value }) => setTags(value)} />
      </Field>
      <Field label={t('edit.note')}>
        <Textarea
          value={description}
          resize="vertical"
          textarea={{ rows: 3 }}
          onChange={(_, { value }) => setDescription(value)}
        />
      </Field>
    </ConfirmDialog>
  )
}
