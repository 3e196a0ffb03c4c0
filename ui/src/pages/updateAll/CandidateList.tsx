import { Button, Checkbox, makeStyles, Text, tokens } from '@fluentui/react-components'
import { ArrowDown20Regular, ArrowUp20Regular } from '@fluentui/react-icons'
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Confirmations } from '../../components/decision/Confirmations'
import { namedTitle } from '../../components/environment/named'
import { useDownloadWords } from '../../components/environment/VersionWords'
import { useRuntime } from '../../state'
import { type Chosen, moved } from './order'

const useStyles = makeStyles({
  list: { margin: 0, padding: 0, listStyleType: 'none' },
  row: {
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 1fr) max-content',
    columnGap: tokens.spacingHorizontalM,
    alignItems: 'start',
    paddingBlock: tokens.spacingVerticalS,
    borderBottom: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    ':last-child': { borderBottomStyle: 'none' },
  },
  body: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalXS,
    paddingInlineStart: '36px',
    minWidth: 0,
    overflowWrap: 'anywhere',
  },
  facts: {
    display: 'flex',
    flexWrap: 'wrap',
    columnGap: tokens.spacingHorizontalM,
    color: tokens.colorNeutralForeground2,
  },
  moves: { display: 'flex' },
  quiet: { color: tokens.colorNeutralForeground2 },
  said: {
    position: 'absolute',
    width: '1px',
    height: '1px',
    overflow: 'hidden',
    clipPath: 'inset(50%)',
    whiteSpace: 'nowrap',
  },
})

export const confirmId = (runtime: string): string => `confirm-${runtime}`

function Facts({ chosen: { candidate } }: { chosen: Chosen }) {
  const styles = useStyles()
  const { t } = useTranslation(['updateAll', 'decision', 'series'])
  const download = useDownloadWords()
  const { from, to, computeName, rebuilt, never, skipped, preview } = candidate
  const runtime = useRuntime(candidate.runtime)
  const named = runtime ? namedTitle(runtime) : null
  const { activeRuns, running, securityFixes, downloadSize } = preview
  return (
    <>
      <div className={styles.facts}>
        <Text>{t('series:fromTo', { from: named ?? from, to })}</Text>
        <Text>{t('on', { compute: computeName })}</Text>
        <Text>{download(downloadSize)}</Text>
        {securityFixes.length > 0 ? (
          <Text>{t('security', { count: securityFixes.length })}</Text>
        ) : null}
        {rebuilt ? <Text>{t('rebuilt')}</Text> : null}
      </div>
      {running ? null : <Text className={styles.quiet}>{t('stopped')}</Text>}
      {running && activeRuns.kind === 'known' && activeRuns.count > 0 ? (
        <Text>{t('decision:runs', { count: activeRuns.count })}</Text>
      ) : null}
      {never ? <Text className={styles.quiet}>{t('never')}</Text> : null}
      {skipped ? <Text className={styles.quiet}>{t('skipped')}</Text> : null}
    </>
  )
}

/** Runtimes to update, with their order. */
export function CandidateList({
  chosen,
  onChange,
  asked,
}: {
  chosen: readonly Chosen[]
  onChange: (chosen: Chosen[]) => void
  /** The runtime whose doubts were not confirmed though it was to be updated. */
  asked: string | null
}) {
  const styles = useStyles()
  const { t } = useTranslation('updateAll')
  const [said, setSaid] = useState('')
  // Moving an element takes the focus away from what is inside it.
  const focus = useRef<HTMLElement | null>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: after each new order
  useEffect(() => {
    focus.current?.focus()
    focus.current = null
  }, [chosen])
  const move = (from: number, by: -1 | 1) => {
    const next = moved(chosen, from, by)
    const one = chosen[from]
    if (!one || next[from] === one) return
    focus.current = document.activeElement as HTMLElement | null
    setSaid(t('moved', { name: one.candidate.name, place: from + by + 1, count: chosen.length }))
    onChange(next)
  }
  const byKey = (event: KeyboardEvent, index: number) => {
    if (!event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return
    event.preventDefault()
    move(index, event.key === 'ArrowUp' ? -1 : 1)
  }
  const decide = (index: number, change: Partial<Chosen>) =>
    onChange(chosen.map((one, at) => (at === index ? { ...one, ...change } : one)))
  return (
    <>
      <ol className={styles.list} aria-label={t('list')}>
        {chosen.map((one, index) => {
          const { runtime, name, preview } = one.candidate
          return (
            <li key={runtime} className={styles.row} onKeyDown={(event) => byKey(event, index)}>
              <div>
                <Checkbox
                  label={name}
                  aria-label={t('choose', { name })}
                  checked={one.checked}
                  onChange={(_, { checked }) => decide(index, { checked: checked === true })}
                />
                <div className={styles.body}>
                  <Facts chosen={one} />
                  <Confirmations
                    doubts={preview.confirmations}
                    id={confirmId(runtime)}
                    label={t('doubt', { name })}
                    confirmed={one.confirmed}
                    asked={asked === runtime ? t('doubtFirst', { name }) : null}
                    onChange={(confirmed) => decide(index, { confirmed })}
                  />
                </div>
              </div>
              {chosen.length > 1 ? (
                <div className={styles.moves}>
                  <Button
                    appearance="subtle"
                    icon={<ArrowUp20Regular />}
                    aria-label={t('up', { name })}
                    disabledFocusable={index === 0}
                    onClick={() => move(index, -1)}
                  />
                  <Button
                    appearance="subtle"
                    icon={<ArrowDown20Regular />}
                    aria-label={t('down', { name })}
                    disabledFocusable={index === chosen.length - 1}
                    onClick={() => move(index, 1)}
                  />
                </div>
              ) : null}
            </li>
          )
        })}
      </ol>
      <div className={styles.said} role="status">
        {said}
      </div>
    </>
  )
}
