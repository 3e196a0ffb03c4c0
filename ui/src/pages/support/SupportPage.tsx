import {
  Button,
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
  Text,
  tokens,
} from '@fluentui/react-components'
import { ArrowClockwise20Regular, Copy20Regular, Save20Regular } from '@fluentui/react-icons'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { paths } from '../../app/paths'
import { copyText, problemOf, showInFolder } from '../../backend'
import type { SupportFile } from '../../backend/types'
import { BusyButton } from '../../components/decision/BusyButton'
import { SkeletonLines } from '../../components/Late'
import { useNotify } from '../../components/notify'
import { Page } from '../../components/Page'
import { ProblemBar } from '../../components/ProblemBar'
import { useAction, useAsk, useRuntime } from '../../state'
import { sizes } from '../../theme'
import { TextLines } from './TextLines'

const useStyles = makeStyles({
  intro: { maxWidth: sizes.formWidth },
  notes: { margin: 0, paddingInlineStart: tokens.spacingHorizontalL },
  removed: { flexShrink: 0 },
  heading: { margin: 0, fontWeight: tokens.fontWeightSemibold },
  list: { margin: 0, paddingInlineStart: tokens.spacingHorizontalL },
})

/** What was taken out, by its kind, and what stands in its place. */
function Removed({ file }: { file: SupportFile }) {
  const styles = useStyles()
  const { t } = useTranslation('support')
  const id = useId()
  return (
    <section className={styles.removed} aria-labelledby={id}>
      <Text as="h2" id={id} block className={styles.heading}>
        {t('removed')}
      </Text>
      {file.removed.length === 0 ? (
        <Text>{t('nothingRemoved')}</Text>
      ) : (
        <ul className={styles.list}>
          {file.removed.map(({ what, times }) => (
            <li key={what}>{t(`what.${what}`, { count: times })}</li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Shown({ file }: { file: SupportFile }) {
  const styles = useStyles()
  const { t } = useTranslation('support')
  return (
    <>
      {file.notes.length > 0 ? (
        <MessageBar intent="warning" layout="multiline" role="group" aria-label={t('notes')}>
          <MessageBarBody>
            <MessageBarTitle>{t('notes')}</MessageBarTitle>
            <ul className={styles.notes}>
              {file.notes.map((note) => (
                <li key={note}>{note}</li>
              ))}
            </ul>
          </MessageBarBody>
        </MessageBar>
      ) : null}
      <Removed file={file} />
      <TextLines text={file.text} label={t('text')} />
    </>
  )
}

/** The text that would be saved for those who help: shown first, and saved exactly as it is shown. */
export default function SupportPage() {
  const styles = useStyles()
  const { t } = useTranslation(['support', 'common'])
  const notify = useNotify()
  const [search] = useSearchParams()
  const runtime = search.get('runtime')
  const row = useRuntime(runtime ?? '')
  const { data, error, isFetching, refetch } = useAsk(
    'preview_support',
    { runtime },
    // What is shown must not change by itself; coming again makes it anew.
    { staleTime: 0 },
  )
  const saving = useAction('save_support')
  const file = error ? undefined : data
  const save = () => {
    if (!file || saving.isPending) return
    saving.mutate(
      { id: file.id },
      {
        onSuccess: ({ path }) =>
          notify.show({
            intent: 'success',
            title: t('saved'),
            body: path,
            action: {
              label: t('showInFolder'),
              run: () =>
                void showInFolder(path).catch((failure) => notify.problem(problemOf(failure))),
            },
          }),
      },
    )
  }
  const copy = () => {
    if (!file) return
    copyText(file.text).then(
      () => notify.show({ intent: 'success', title: t('copied') }),
      (failure) => notify.problem(problemOf(failure), t('common:notCopied')),
    )
  }
  const again = () => {
    saving.reset()
    void refetch()
  }
  return (
    <Page
      heading={row ? t('headingOf', { name: row.name }) : t('heading')}
      back={
        runtime === null
          ? { label: t('backToSettings'), to: paths.settings }
          : { label: t('backToDiagnostics'), to: paths.runtime(runtime, 'diagnostics') }
      }
      fixed
      actions={
        <>
          <Button
            appearance="subtle"
            icon={<ArrowClockwise20Regular />}
            disabledFocusable={isFetching}
            onClick={again}
          >
            {t('again')}
          </Button>
          <Button icon={<Copy20Regular />} disabledFocusable={!file || isFetching} onClick={copy}>
            {t('copy')}
          </Button>
          <BusyButton
            busy={saving.isPending}
            disabledFocusable={!file || isFetching}
            icon={<Save20Regular />}
            onClick={save}
          >
            {t('save')}
          </BusyButton>
        </>
      }
      notices={
        <>
          {error && !isFetching ? <ProblemBar problem={error.problem} onRetry={again} /> : null}
          {saving.error ? <ProblemBar problem={saving.error.problem} onRetry={again} /> : null}
        </>
      }
    >
      <Text className={styles.intro}>{t('intro')}</Text>
      {file && !isFetching ? (
        <Shown file={file} />
      ) : isFetching ? (
        <div role="status">
          <Text>{t('making')}</Text>
          <SkeletonLines lines={12} />
        </div>
      ) : null}
    </Page>
  )
}
