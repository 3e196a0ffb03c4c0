import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  makeStyles,
  Text,
  tokens,
} from '@fluentui/react-components'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { EnvironmentView } from '../../backend/types'
import { BusyButton } from '../../components/decision/BusyButton'
import { HintedCheckbox } from '../../components/HintedCheckbox'
import { ProblemBar } from '../../components/ProblemBar'
import { useAction } from '../../state'
import { RuntimeLinks } from './RuntimeLinks'

const useStyles = makeStyles({
  content: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalS },
})

/** Who uses it, and what to do first. */
function Used({ environment }: { environment: EnvironmentView }) {
  const { t } = useTranslation('environments')
  const { name } = environment
  return (
    <>
      <Text weight="semibold">{t('deleteDialog.used', { name })}</Text>
      <RuntimeLinks ids={environment.runtimes} label={t('deleteDialog.usedBy', { name })} />
      <Text>{t('deleteDialog.usedBody')}</Text>
    </>
  )
}

/** Says what becomes of its folder and images, then deletes; refused while runtimes use it. */
export function DeleteDialog({
  environment,
  onClose,
  onDeleted,
}: {
  environment: EnvironmentView
  onClose: () => void
  onDeleted: () => void
}) {
  const styles = useStyles()
  const { t } = useTranslation(['environments', 'common'])
  const client = useQueryClient()
  const remove = useAction('delete_environment')
  const [removeImages, setRemoveImages] = useState(false)
  const { id, name, versions } = environment
  const used = environment.runtimes.length > 0
  const submit = () => {
    if (remove.isPending) return
    remove.mutate(
      { environment: id, removeImages },
      {
        onSuccess: () => {
          onDeleted()
          client.invalidateQueries({ queryKey: ['list_environments'] })
        },
      },
    )
  }
  return (
    <Dialog open modalType="alert" onOpenChange={(_, { open }) => (open ? undefined : onClose())}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{t('deleteDialog.title')}</DialogTitle>
          <DialogContent className={styles.content}>
            {used ? (
              <Used environment={environment} />
            ) : (
              <>
                <Text>{t('deleteDialog.body', { name })}</Text>
                {versions.length > 0 ? (
                  <HintedCheckbox
                    label={t('deleteDialog.images')}
                    hint={t('deleteDialog.imagesHint')}
                    checked={removeImages}
                    onChange={setRemoveImages}
                  />
                ) : null}
                {remove.error ? <ProblemBar problem={remove.error.problem} /> : null}
              </>
            )}
          </DialogContent>
          <DialogActions fluid>
            {used ? null : (
              <BusyButton busy={remove.isPending} onClick={submit}>
                {t('deleteDialog.delete')}
              </BusyButton>
            )}
            <Button onClick={onClose}>{t(used ? 'common:close' : 'common:cancel')}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  )
}
