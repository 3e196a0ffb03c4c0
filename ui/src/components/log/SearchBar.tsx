import {
  Button,
  Field,
  makeStyles,
  SearchBox,
  Text,
  ToggleButton,
  Tooltip,
  tokens,
} from '@fluentui/react-components'
import {
  ArrowDown20Regular,
  ArrowUp20Regular,
  Filter20Regular,
  TextCaseTitle20Regular,
} from '@fluentui/react-icons'
import { type KeyboardEvent, type RefObject, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { LogQuery } from '../../backend/types'
import { formatCount } from '../../format'
import { useSettled } from '../useSettled'
import type { Anchor, LogSession, LogShown } from './session'

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'flex-start',
    columnGap: tokens.spacingHorizontalXS,
    rowGap: tokens.spacingVerticalXS,
    flexGrow: 1,
  },
  box: { flexGrow: 1, flexBasis: '180px', maxWidth: '320px', minWidth: '140px' },
  field: { width: '100%' },
  small: { minWidth: '24px' },
  expression: { fontFamily: tokens.fontFamilyMonospace, minWidth: '24px' },
  state: {
    minWidth: '84px',
    lineHeight: '24px',
    color: tokens.colorNeutralForeground2,
    fontVariantNumeric: 'tabular-nums',
  },
})

/** Milliseconds after the last key before it is searched. */
const REST = 200

const same = (one: LogQuery | null, other: LogQuery | null) =>
  JSON.stringify(one) === JSON.stringify(other)

/** Searches the whole log: count, next and previous, or only the lines in which it is found. */
export function SearchBar({
  session,
  shown,
  box,
  firstNumber,
  anchor,
  onFail,
  find,
  onLeave,
}: {
  session: LogSession
  shown: LogShown
  box: RefObject<HTMLInputElement | null>
  firstNumber: () => number | null
  anchor: () => Anchor | null
  onFail: (error: unknown) => void
  find: (backwards: boolean) => void
  /** Escape in an empty box. */
  onLeave: () => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('log')
  const [text, setText] = useState('')
  const [expression, setExpression] = useState(false)
  const [exact, setExact] = useState(false)
  const [only, setOnly] = useState(false)
  const query: LogQuery | null = text === '' ? null : { text, expression, case: exact }
  const { search, filter } = shown
  const wanted = useRef<LogQuery | null>(null)
  const ask = (next: LogQuery | null) => {
    if (same(next, wanted.current)) return
    wanted.current = next
    session.search(next, firstNumber()).catch(onFail)
  }
  const settled = useSettled(JSON.stringify(query), REST)
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what has been typed counts
  useEffect(() => ask(JSON.parse(settled)), [settled])
  const invalid = search.problem?.field === 'text' ? search.problem : null
  // What cannot be searched for filters nothing.
  const lines = only && invalid === null && same(search.query, query) ? search.query : filter.text
  const filtered = only && text !== '' ? lines : null
  // biome-ignore lint/correctness/useExhaustiveDependencies: the place is kept as it is then
  useEffect(() => {
    if (same(filtered, filter.text)) return
    session.filter({ text: filtered }, anchor()).catch(onFail)
  }, [JSON.stringify(filtered)])
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && text === '') onLeave()
    if (event.key !== 'Enter') return
    event.preventDefault()
    if (same(query, wanted.current)) find(event.shiftKey)
    else ask(query)
  }
  const { matches, current } = search
  const words =
    query === null || matches === null
      ? ''
      : matches.lines === 0
        ? t('search.none')
        : current
          ? t('search.state', {
              ordinal: formatCount(current.ordinal),
              total: formatCount(matches.lines),
            })
          : t('search.found', { count: matches.lines, total: formatCount(matches.lines) })
  const toggle = (
    label: string,
    checked: boolean,
    onChange: (checked: boolean) => void,
    face: { icon: React.ReactElement } | { children: string },
  ) => (
    <Tooltip content={label} relationship="label">
      <ToggleButton
        size="small"
        appearance="subtle"
        className={'children' in face ? styles.expression : styles.small}
        checked={checked}
        onClick={() => onChange(!checked)}
        {...face}
      />
    </Tooltip>
  )
  const many = matches !== null && matches.lines > 0
  return (
    // biome-ignore lint/a11y/useSemanticElements: the element would not be known everywhere
    <div role="search" className={styles.root}>
      <Field
        className={styles.box}
        size="small"
        {...(invalid ? { validationMessage: [invalid.sentence, ...invalid.hints].join(' ') } : {})}
      >
        <SearchBox
          ref={box}
          size="small"
          className={styles.field}
          aria-label={t('search.label')}
          placeholder={t('search.label')}
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={(_, { value }) => setText(value)}
          onKeyDown={onKeyDown}
        />
      </Field>
      {toggle(t('search.case'), exact, setExact, { icon: <TextCaseTitle20Regular /> })}
      {toggle(t('search.expression'), expression, setExpression, { children: '.*' })}
      {query ? (
        <>
          {toggle(t('search.only'), only, setOnly, { icon: <Filter20Regular /> })}
          <Tooltip content={t('search.previous')} relationship="label">
            <Button
              size="small"
              appearance="subtle"
              icon={<ArrowUp20Regular />}
              disabledFocusable={!many}
              onClick={() => many && find(true)}
            />
          </Tooltip>
          <Tooltip content={t('search.next')} relationship="label">
            <Button
              size="small"
              appearance="subtle"
              icon={<ArrowDown20Regular />}
              disabledFocusable={!many}
              onClick={() => many && find(false)}
            />
          </Tooltip>
        </>
      ) : null}
      <Text role="status" size={200} className={styles.state}>
        {words}
      </Text>
    </div>
  )
}
