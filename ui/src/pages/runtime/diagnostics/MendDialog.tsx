import {
  Button,
  DialogActions,
  DialogContent,
  makeStyles,
  Text,
  tokens,
} from '@fluentui/react-components'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { MendPreview } from '../../../backend/types'
import { CommandLine } from '../../../components/CommandLine'
import { Block, Sentences } from '../../../components/decision/Block'
import { BusyButton } from '../../../components/decision/BusyButton'
import { DecisionDialog } from '../../../components/decision/DecisionDialog'
import { Looking } from '../../../components/decision/Held'
import { ProgressInDialog } from '../../../components/decision/ProgressInDialog'
import { ProblemBar } from '../../../components/ProblemBar'
import { type Mending, useRemedyLabel } from '../../../problems/remedies'
import { useAction, useAsk } from '../../../state'

const useStyles = makeStyles({
  what: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalXS },
  parts: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL },
  steps: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalXS,
    margin: 0,
    paddingInlineStart: tokens.spacingHorizontalXL,
  },
})

interface MendDialogProps {
  /** Its id. */
  runtime: string
  remedy: Mending
  onClose: () => void
}

/** What a remedy will do, before it is done; `named` is what the dialog is called already. */
function WhatHappens({ preview, named }: { preview: MendPreview; named: string }) {
  const styles = useStyles()
  const { t } = useTranslation('diagnostics')
  return (
    <div className={styles.parts}>
      <div className={styles.what}>
        {preview.title === named ? null : <Text weight="semibold">{preview.title}</Text>}
        <Text>{preview.sentence}</Text>
      </div>
      {preview.steps.length > 0 ? (
        <Block heading={t('mend.happens')}>
          <ol className={styles.steps}>
            {preview.steps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        </Block>
      ) : null}
      {preview.affected.length > 0 ? (
        <Block heading={t('mend.affected', { count: preview.affected.length })}>
          <Sentences sentences={preview.affected} />
        </Block>
      ) : null}
      {preview.command === null ? null : (
        <Block heading={t('mend.byYou')}>
          <Text>{t('mend.byYouBody')}</Text>
          <CommandLine command={preview.command} name={t('mend.command')} />
        </Block>
      )}
    </div>
  )
}

function Content({ runtime, remedy, onClose }: MendDialogProps) {
  const { t } = useTranslation(['diagnostics', 'decision'])
  const label = useRemedyLabel()
  const [shown, setShown] = useState<string | null>(null)
  const preview = useAsk('preview_mend', { runtime, remedy }, { staleTime: 0 })
  const mend = useAction('mend_runtime')
  const look = useAction('diagnose_runtime')
  const start = () => {
    if (mend.isPending) return
    mend.mutate({ runtime, remedy }, { onSuccess: ({ operation }) => setShown(operation) })
  }
  if (shown !== null) {
    return (
      <ProgressInDialog
        key={shown}
        id={shown}
        onClose={onClose}
        onRetry={start}
        retryLabel={t('mend.again')}
      />
    )
  }
  const known = preview.data
  const command = known?.command ?? null
  return (
    <>
      <DialogContent>
        {known ? <WhatHappens preview={known} named={label(remedy)} /> : null}
        {preview.isPending ? <Looking>{t('mend.looking')}</Looking> : null}
        {preview.error ? (
          <ProblemBar problem={preview.error.problem} onRetry={() => preview.refetch()} />
        ) : null}
        {mend.error ? <ProblemBar problem={mend.error.problem} onRetry={start} /> : null}
      </DialogContent>
      <DialogActions fluid>
        {known && command === null ? (
          <BusyButton busy={mend.isPending} onClick={start}>
            {label(remedy)}
          </BusyButton>
        ) : null}
        {command === null ? null : (
          <Button
            appearance="primary"
            onClick={() => {
              look.mutate({ runtime })
              onClose()
            }}
          >
            {t('mend.done')}
          </Button>
        )}
        <Button onClick={onClose}>{t('decision:cancel')}</Button>
      </DialogActions>
    </>
  )
}

/** Does what mends a runtime: first what will happen, then the operation's progress. */
export function MendDialog(props: MendDialogProps) {
  const label = useRemedyLabel()
  return (
    <DecisionDialog title={label(props.remedy)} open onClose={props.onClose}>
      <Content {...props} />
    </DecisionDialog>
  )
}
