import {
  Link,
  Toast,
  ToastBody,
  Toaster,
  ToastFooter,
  ToastTitle,
  ToastTrigger,
  useId,
  useToastController,
} from '@fluentui/react-components'
import { createContext, type ReactNode, useContext, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Problem } from '../backend/types'
import { messages } from '../messages'
import { looks } from '../problems/looks'

export interface Notice {
  intent: 'success' | 'info' | 'warning' | 'error'
  title: string
  body?: string
  action?: { label: string; run: () => void }
}

export interface Notify {
  /** Tells of something that happened elsewhere than where the person looks. */
  show(notice: Notice): void
  /** Tells of a problem that has no place on the page. */
  problem(problem: Problem, title?: string): void
}

const NotifyContext = createContext<Notify>({ show: () => undefined, problem: () => undefined })

export const useNotify = (): Notify => useContext(NotifyContext)

/** Toasts at the bottom right. */
export function NotifyProvider({ children }: { children: ReactNode }) {
  const { t } = useTranslation()
  const toaster = useId('toaster')
  // A landmark of its own, so that screen readers can go there.
  const [place, setPlace] = useState<HTMLElement | null>(null)
  const { dispatchToast } = useToastController(toaster)
  const notify = useMemo<Notify>(() => {
    const show = ({ intent, title, body, action }: Notice) =>
      dispatchToast(
        <Toast>
          <ToastTitle>{title}</ToastTitle>
          {body ? <ToastBody>{body}</ToastBody> : null}
          {action ? (
            <ToastFooter>
              <ToastTrigger>
                <Link onClick={action.run}>{action.label}</Link>
              </ToastTrigger>
            </ToastFooter>
          ) : null}
        </Toast>,
        { intent, timeout: intent === 'error' ? 12_000 : 6000, pauseOnHover: true },
      )
    return {
      show,
      problem: (problem, title) =>
        show({
          intent: looks[problem.code].intent,
          title: title ?? messages.t(`title.${problem.code}`, { ns: 'problems' }),
          body: [problem.sentence, ...problem.hints].join(' '),
        }),
    }
  }, [dispatchToast])
  return (
    <NotifyContext value={notify}>
      {children}
      <section ref={setPlace} aria-label={t('notifications')} />
      <Toaster toasterId={toaster} position="bottom-end" limit={4} mountNode={place} />
    </NotifyContext>
  )
}
