import { Button, makeStyles, Spinner, Text, tokens } from '@fluentui/react-components'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Operation } from '../../backend/types'
import { isRunning, useAction } from '../../state'
import { ProblemBar } from '../ProblemBar'

const useStyles = makeStyles({
  row: { display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalM },
  asked: { display: 'inline-flex', alignItems: 'center', columnGap: tokens.spacingHorizontalS },
  words: { color: tokens.colorNeutralForeground2 },
})

type Asked = 'cancel' | 'goBack'

/** What was asked for, as far as the operation itself says it. */
function acknowledged(operation: Operation): Asked | null {
  if (operation.state === 'cancelling') return 'cancel'
  if (operation.state === 'goingBack') return 'goBack'
  return null
}

/**
 * *Cancel* or *Go back*, whichever it would be now. It asks nothing, and what was pressed is on
 * screen at once, before the application answers.
 */
export function CancelButton({ operation }: { operation: Operation }) {
  const styles = useStyles()
  const { t } = useTranslation('operation')
  const cancel = useAction('cancel_operation')
  const [pressed, setPressed] = useState<Asked | null>(null)
  if (!isRunning(operation)) return null
  const asked = acknowledged(operation) ?? (cancel.isError ? null : pressed)
  if (asked) {
    return (
      <div className={styles.asked} role="status">
        <Spinner size="extra-tiny" aria-hidden="true" />
        <Text className={styles.words}>{t(`asked.${asked}`)}</Text>
      </div>
    )
  }
  if (operation.cancel === 'no') return null
  const button: Asked = operation.cancel
  return (
    <>
      {cancel.error ? <ProblemBar problem={cancel.error.problem} /> : null}
      <div className={styles.row}>
        <Button
          onClick={() => {
            setPressed(button)
            cancel.mutate({ operation: operation.id })
          }}
        >
          {t(`button.${button}`)}
        </Button>
      </div>
    </>
  )
}
