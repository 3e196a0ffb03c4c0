import {
  Button,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
} from '@fluentui/react-components'
import { useTranslation } from 'react-i18next'
import type { Frame, RunFailure } from '../../backend/types'
import { Fold } from '../../components/Fold'
import { Pre } from '../../components/Pre'
import { useFlowPage } from './page'

const useStyles = makeStyles({
  bar: { minHeight: 'auto', userSelect: 'text' },
  words: { overflowWrap: 'anywhere' },
})

/** A place in a program, in words. */
export function usePlaceWords(): (at: Frame) => string {
  const { t } = useTranslation('flowRun')
  return ({ file, line, function: name }) =>
    name === '' ? t('place.line', { file, line }) : t('place.function', { file, line, name })
}

/** Leads to a line of the person's own code; files elsewhere have no way to them. */
export function PlaceButton({ at, node }: { at: Frame; node: string | null }) {
  const { t } = useTranslation('flowRun')
  const { showPlace } = useFlowPage()
  if (at.file.startsWith('/')) return null
  const { file, line } = at
  return (
    <Button size="small" onClick={() => showPlace({ file, line, node })}>
      {t('place.show')}
    </Button>
  )
}

/** Why something failed: Python's own words, where in the person's code, the traceback folded. */
export function Failure({ failure, node }: { failure: RunFailure; node: string | null }) {
  const styles = useStyles()
  const { t } = useTranslation('flowRun')
  const words = usePlaceWords()
  const title = failure.exception || t('failure.title')
  return (
    <MessageBar
      className={styles.bar}
      intent="error"
      layout="multiline"
      role="group"
      aria-label={title}
    >
      <MessageBarBody className={styles.words}>
        <MessageBarTitle>{title}</MessageBarTitle>
        <div>{failure.message}</div>
        {failure.at ? <div>{t('failure.at', { place: words(failure.at) })}</div> : null}
        {failure.traceback ? (
          <Fold label={t('failure.traceback')}>
            <Pre>{failure.traceback}</Pre>
          </Fold>
        ) : null}
      </MessageBarBody>
      <MessageBarActions>
        {failure.at ? <PlaceButton at={failure.at} node={failure.node ?? node} /> : null}
      </MessageBarActions>
    </MessageBar>
  )
}
