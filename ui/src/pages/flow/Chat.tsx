import {
  Button,
  makeStyles,
  mergeClasses,
  Spinner,
  Text,
  Textarea,
  tokens,
} from '@fluentui/react-components'
import { Send20Regular } from '@fluentui/react-icons'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { JsonValue } from '../../backend/generated/serde_json/JsonValue'
import type { Chat as ChatOf, FlowRun } from '../../backend/types'
import { BusyButton } from '../../components/decision/BusyButton'
import { isActive, RunStateBadge, Took } from '../../components/flow/states'
import { parsed } from '../../components/flow/ValueView'
import { ProblemBar } from '../../components/ProblemBar'
import { useAsk, useLiveFlowRuns } from '../../state'
import { answerOf, historyOf, type Turn, useConversation } from './chat'
import { given } from './draft'
import { Failure } from './Failure'
import { useFlowPage } from './page'

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', flexGrow: 1, rowGap: '12px', minHeight: 0 },
  turns: {
    display: 'flex',
    flexDirection: 'column',
    flexGrow: 1,
    rowGap: tokens.spacingVerticalM,
    minHeight: '160px',
    margin: 0,
    padding: 0,
    listStyleType: 'none',
    overflow: 'auto',
    '@media (max-width: 999px)': { maxHeight: '420px' },
  },
  turn: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalS },
  said: {
    maxWidth: '88%',
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}`,
    borderRadius: tokens.borderRadiusXLarge,
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
    userSelect: 'text',
  },
  question: {
    alignSelf: 'flex-end',
    backgroundColor: tokens.colorBrandBackground2,
    color: tokens.colorNeutralForeground1,
  },
  answer: {
    alignSelf: 'flex-start',
    backgroundColor: tokens.colorNeutralBackground3,
    color: tokens.colorNeutralForeground1,
  },
  under: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalS,
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground3,
  },
  hint: { color: tokens.colorNeutralForeground2 },
  form: { display: 'flex', alignItems: 'flex-end', columnGap: tokens.spacingHorizontalS },
  box: { flexGrow: 1, minWidth: 0 },
  new: { alignSelf: 'flex-end' },
  heard: {
    position: 'absolute',
    width: '1px',
    height: '1px',
    overflow: 'hidden',
    clipPath: 'inset(50%)',
  },
})

const words = (value: JsonValue | undefined) =>
  typeof value === 'string' ? value : JSON.stringify(value ?? null, null, 2)

/** How the run of a turn stands: as told, else as recorded. */
function useTurnRun(id: string, answered: boolean) {
  const told = useLiveFlowRuns().find((run) => run.id === id)
  const ended = told === undefined || !isActive(told)
  const { data } = useAsk('flow_run', { run: id }, { enabled: ended && !answered })
  const output = data?.output ?? null
  const { data: whole } = useAsk(
    'flow_run_part',
    { run: id, part: { kind: 'output' } },
    { enabled: output?.cut === true && !answered },
  )
  const run: FlowRun | undefined = told ?? data?.run
  return { run, output: output?.cut ? (whole ?? null) : output }
}

function TurnView({
  chat,
  turn,
  onAnswered,
}: {
  chat: ChatOf
  turn: Turn
  onAnswered: (outputs: { [key in string]: JsonValue }) => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('flow')
  const { go } = useFlowPage()
  const { run, output } = useTurnRun(turn.run, turn.outputs !== null)
  const latest = useRef(onAnswered)
  latest.current = onAnswered
  const completed = run?.state === 'completed'
  useEffect(() => {
    if (!completed || output === null) return
    const meaning = parsed(output.text)
    if (typeof meaning === 'object' && meaning !== null && !Array.isArray(meaning)) {
      latest.current(meaning)
    }
  }, [completed, output])
  const answer = answerOf(chat, turn)
  return (
    <li className={styles.turn}>
      <div className={mergeClasses(styles.said, styles.question)}>
        <span className={styles.heard}>{t('chat.you')} </span>
        {turn.question}
      </div>
      {answer !== undefined ? (
        <div className={mergeClasses(styles.said, styles.answer)}>
          <span className={styles.heard}>{t('chat.flow')} </span>
          {words(answer)}
        </div>
      ) : null}
      {run?.failure ? <Failure failure={run.failure} node={null} /> : null}
      {run?.problem && !run.failure ? <ProblemBar problem={run.problem} /> : null}
      <div className={styles.under}>
        {run && isActive(run) ? <Spinner size="extra-tiny" aria-hidden="true" /> : null}
        {run && run.state !== 'completed' ? <RunStateBadge state={run.state} /> : null}
        {run ? <Took of={run} over={!isActive(run)} /> : null}
        {run ? (
          <Button
            size="small"
            appearance="transparent"
            onClick={() => go({ run: run.id, tab: null })}
          >
            {t('chat.showRun')}
          </Button>
        ) : null}
      </div>
    </li>
  )
}

/** A conversation with the flow: each question is a run that gets what was said before. */
export function Chat({ chat }: { chat: ChatOf }) {
  const styles = useStyles()
  const { t } = useTranslation('flow')
  const { view, draft, active, hindrance, start, starting, startProblem } = useFlowPage()
  const [turns, setTurns] = useConversation(view.flow)
  const [text, setText] = useState('')
  const list = useRef<HTMLOListElement>(null)
  const waits = active !== null || starting !== null
  const inputs = new Set([chat.input, ...(chat.history === null ? [] : [chat.history])])
  const others = view.inputs.filter(({ name }) => !inputs.has(name))
  const answered = turns.filter(({ outputs }) => outputs !== null).length
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new turn and answer comes into view
  useEffect(() => {
    const element = list.current
    if (element) element.scrollTop = element.scrollHeight
  }, [turns.length, answered])
  const send = () => {
    const question = text.trim()
    if (question === '' || waits || hindrance !== null) return
    start(
      'chat',
      {
        inputs: {
          ...given(others, draft.inputs),
          [chat.input]: question,
          ...(chat.history === null ? {} : { [chat.history]: historyOf(chat, turns) }),
        },
      },
      (run) => {
        setText('')
        setTurns((before) => [...before, { run, question, outputs: null }])
      },
    )
  }
  return (
    <div className={styles.root}>
      {turns.length > 0 ? (
        <Button
          size="small"
          appearance="subtle"
          className={styles.new}
          disabledFocusable={waits}
          onClick={() => setTurns(() => [])}
        >
          {t('chat.new')}
        </Button>
      ) : null}
      <ol
        ref={list}
        className={styles.turns}
        aria-label={t('chat.label', { name: view.name })}
        aria-live="polite"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard has to reach what scrolls
        tabIndex={0}
      >
        {turns.length === 0 ? (
          <li>
            <Text className={styles.hint}>
              {chat.history === null ? t('chat.emptyNoHistory') : t('chat.empty')}
            </Text>
          </li>
        ) : null}
        {turns.map((turn) => (
          <TurnView
            key={turn.run}
            chat={chat}
            turn={turn}
            onAnswered={(outputs) =>
              setTurns((before) =>
                before.map((one) => (one.run === turn.run ? { ...one, outputs } : one)),
              )
            }
          />
        ))}
      </ol>
      {startProblem?.by === 'chat' ? <ProblemBar problem={startProblem.problem} /> : null}
      <form
        noValidate
        className={styles.form}
        aria-label={t('chat.form')}
        onSubmit={(event: FormEvent) => {
          event.preventDefault()
          send()
        }}
      >
        <Textarea
          className={styles.box}
          aria-label={chat.input}
          placeholder={t('chat.placeholder')}
          resize="vertical"
          value={text}
          textarea={{ rows: 2 }}
          onChange={(_, { value }) => setText(value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
              event.preventDefault()
              send()
            }
          }}
        />
        <BusyButton
          type="submit"
          busy={starting === 'chat'}
          disabledFocusable={hindrance !== null || active !== null}
          {...(starting === 'chat' ? {} : { icon: <Send20Regular /> })}
        >
          {t('chat.send')}
        </BusyButton>
      </form>
      {hindrance !== null ? (
        <Text size={200} className={styles.hint}>
          {hindrance}
        </Text>
      ) : null}
    </div>
  )
}
